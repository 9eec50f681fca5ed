import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine, EngineOptions } from './engine';
import { loopback } from './engine';
import { serverProperties } from './kafka-properties';
import { jvmFlags, kafkaTemplate } from './kafka-template';
import { cloneOnce, makeOwnDir, writeOwnFile } from './own-files';
import { askPort } from './probe';

export type KafkaEndpoint = { readonly brokers: string };
export type KafkaOptions = EngineOptions & { readonly controllerPort: number };

/** One node, broker and controller in one, without authentication: it listens on loopback only. */
export function createKafkaEngine(options: KafkaOptions): Engine<KafkaEndpoint> {
  const { name, dir, port, controllerPort, paths } = options;
  const brokers = `${loopback}:${port}`;
  const properties = join(dir, 'server.properties');
  const data = join(dir, 'data');
  return {
    endpoint: { brokers },
    spec: {
      name,
      command: paths.java,
      args: [...jvmFlags(paths), 'kafka.Kafka', properties],
      env: { HOME: dir },
      cwd: dir,
      ...paths.user,
      stopSignal: 'SIGTERM',
      ready: () => hasBroker(port),
      readyTimeoutMs: 90_000,
    },
    async prepare() {
      await makeOwnDir(dir, paths.user);
      await writeOwnFile(properties, serverProperties({ data, port, controllerPort }), paths.user);
      await cloneOnce(await kafkaTemplate(paths), data, async (copy) => {
        const meta = join(copy, 'meta.properties');
        const own = (await readFile(meta, 'utf8')).replace(/^cluster\.id=.*$/m, `cluster.id=${newClusterId()}`);
        await writeOwnFile(meta, own, paths.user);
      });
    },
  };
}

/** Not starting with a dash, which Kafka's own tools would take for an option. */
const newClusterId = () => `K${randomBytes(16).toString('base64url').slice(1, 22)}`;

/** Kafka's Metadata request, version 1, for no topic. kafkajs would leave a timer running for each failed try. */
const metadataRequest = Buffer.from('0000000e0003000100000001ffff00000000', 'hex');

/** Once it has registered itself, the answer names a broker (after 4 bytes of size and 4 of correlation id). */
async function hasBroker(port: number): Promise<boolean> {
  const answer = Buffer.from(await askPort(port, metadataRequest), 'latin1');
  return answer.length >= 12 && answer.readInt32BE(8) > 0;
}
