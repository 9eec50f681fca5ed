import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { createDocumentEngine } from '../../local/engines/document-engine';
import type { DatabaseEndpoint, Engine, EngineOptions } from '../../local/engines/engine';
import { findEnginePaths } from '../../local/engines/engine-paths';
import { holdFreePort } from '../../local/engines/free-port';
import { createKafkaEngine } from '../../local/engines/kafka-engine';
import { createPostgresEngine } from '../../local/engines/postgres-engine';
import { createS3Engine } from '../../local/engines/s3-engine';
import { type RunningProcess, startProcess } from '../../local/engines/spawn-process';
import { createValkeyEngine } from '../../local/engines/valkey-engine';

export type EngineHost = { readonly socket: string; readonly stop: () => Promise<void> };

/**
 * Starts an engine when it is first asked for, over a socket in `home`, by any worker of this run: `GET /postgres`
 * answers its endpoint as JSON. Nothing is started for tests that need none.
 */
export async function startEngineHost(home: string): Promise<EngineHost> {
  const running: RunningProcess[] = [];
  const start = async <E>(engine: Engine<E>): Promise<Engine<E>> => {
    await engine.prepare();
    const { name } = engine.spec;
    running.push(
      await startProcess(engine.spec, { pidFile: join(home, `${name}.pid`), logFile: join(home, `${name}.log`) }),
    );
    return engine;
  };
  const endpointOf = createStarters(home, start);
  const started = new Map<string, Promise<unknown>>();
  const server = createServer((request, response) => {
    const name = (request.url ?? '').slice(1);
    const endpoint = started.get(name) ?? endpointOf(name);
    started.set(name, endpoint);
    endpoint.then(
      (value) => response.end(JSON.stringify(value)),
      (error) => response.writeHead(500).end(String(error instanceof Error ? error.message : error)),
    );
  });
  const socket = join(home, 'host.sock');
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    socket,
    async stop() {
      await close(server);
      await Promise.allSettled(started.values());
      // The last started may stand on an earlier one.
      for (const one of running.reverse()) await one.stop();
    },
  };
}

function createStarters(home: string, start: <E>(engine: Engine<E>) => Promise<Engine<E>>) {
  const paths = findEnginePaths();
  const secret = () => randomBytes(12).toString('hex');
  const place = async (name: string): Promise<EngineOptions> => {
    const port = await holdFreePort();
    await port.release();
    return { name, dir: join(home, name), port: port.port, paths, durable: false };
  };
  // Asked for as FerretDB's own engine, and by who makes users in it.
  let documents: Promise<Engine<DatabaseEndpoint>> | undefined;
  const documentPostgres = (): Promise<Engine<DatabaseEndpoint>> => {
    const make = async () =>
      start(createPostgresEngine({ ...(await place('document-postgres')), password: secret(), flavour: 'document' }));
    documents ??= make();
    return documents;
  };
  const starters: Record<string, () => Promise<Engine<unknown>>> = {
    postgres: async () => start(createPostgresEngine({ ...(await place('postgres')), password: secret() })),
    valkey: async () => start(createValkeyEngine({ ...(await place('valkey')), password: secret() })),
    kafka: async () => {
      const controller = await holdFreePort();
      await controller.release();
      return start(createKafkaEngine({ ...(await place('kafka')), controllerPort: controller.port }));
    },
    s3: async () => start(createS3Engine({ ...(await place('s3')), accessKeyId: secret(), secretAccessKey: secret() })),
    'document-postgres': () => documentPostgres(),
    mongo: async () => {
      const postgres = await documentPostgres();
      return start(createDocumentEngine({ ...(await place('document')), postgres }));
    },
  };
  return async (name: string): Promise<unknown> => {
    const starter = starters[name];
    if (!starter) throw new Error(`no engine is called ${name}`);
    return (await starter()).endpoint;
  };
}

const close = (server: Server) =>
  new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
