import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine, EngineOptions } from './engine';
import { loopback } from './engine';
import { kafkaProcess } from './kafka-process';
import { serverProperties } from './kafka-properties';
import { kafkaTemplate, prepareKafkaTemplate } from './kafka-template';
import { cloneOnce, makeOwnDir, writeOwnFile } from './own-files';

export type KafkaEndpoint = { readonly brokers: string };
export type KafkaOptions = EngineOptions & { readonly controllerPort: number };

/** One node, broker and controller in one, without authentication: it listens on loopback only. */
export function createKafkaEngine(options: KafkaOptions): Engine<KafkaEndpoint> {
  const { dir, port, controllerPort, paths } = options;
  const data = join(dir, 'data');
  return {
    endpoint: { brokers: `${loopback}:${port}` },
    // A JVM that finds no archive there starts all the same, only slower.
    spec: kafkaProcess(options, ['-Xshare:auto', `-XX:SharedArchiveFile=${kafkaTemplate(paths).archive}`]),
    async prepare() {
      await makeOwnDir(dir, paths.user);
      await writeOwnFile(join(dir, 'server.properties'), serverProperties({ data, port, controllerPort }), paths.user);
      const template = await prepareKafkaTemplate(paths);
      await cloneOnce(template.data, data, async (copy) => {
        const meta = join(copy, 'meta.properties');
        const own = (await readFile(meta, 'utf8')).replace(/^cluster\.id=.*$/m, `cluster.id=${newClusterId()}`);
        await writeOwnFile(meta, own, paths.user);
      });
    },
  };
}

/** Not starting with a dash, which Kafka's own tools would take for an option. */
const newClusterId = () => `K${randomBytes(16).toString('base64url').slice(1, 22)}`;
