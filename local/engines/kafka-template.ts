import { createHash } from 'node:crypto';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { withLock } from '../setup/lock.mjs';
import { run } from '../setup/run.mjs';
import type { EnginePaths } from './engine';
import { holdFreePort } from './free-port';
import { jvmFlags, kafkaProcess } from './kafka-process';
import { type KafkaPlace, serverProperties } from './kafka-properties';
import { makeOwnDir, writeOwnFile } from './own-files';
import { startProcess } from './spawn-process';

export type KafkaTemplate = {
  /** A formatted storage folder: formatting starts a JVM, a copy does not. */
  readonly data: string;
  /** Kafka's classes as the JVM has them in memory: it starts in less than half the time. Some JVMs cannot make one. */
  readonly archive: string;
};

/** Raise it when what `build` makes changes. */
const recipe = 2;

/** Where it is once `prepareKafkaTemplate` has made it: one for each version of Kafka and each JVM. */
export function kafkaTemplate({ kafkaLib, java, templates, user }: EnginePaths): KafkaTemplate & { dir: string } {
  const jvm = existsSync(java) ? realpathSync(java) : java;
  const built = existsSync(jvm) ? Math.floor(statSync(jvm).mtimeMs) : 0;
  const identity = [realpathSync(kafkaLib), jvm, built, recipe, user?.uid ?? process.getuid?.()].join();
  const key = createHash('sha256').update(identity).digest('hex').slice(0, 12);
  const dir = join(templates, `${basename(kafkaLib)}-${key}`);
  return { dir, data: join(dir, 'data'), archive: join(dir, 'classes.jsa') };
}

export async function prepareKafkaTemplate(paths: EnginePaths): Promise<KafkaTemplate> {
  const template = kafkaTemplate(paths);
  if (existsSync(template.dir)) return template;
  await mkdir(paths.templates, { recursive: true, mode: 0o755 });
  return withLock(`${template.dir}.lock`, async () => {
    if (existsSync(template.dir)) return template;
    const part = `${template.dir}.part`;
    await rm(part, { recursive: true, force: true });
    await makeOwnDir(part, paths.user);
    await format(part, paths);
    await train(part, paths).catch(() => undefined);
    await rename(part, template.dir);
    return template;
  });
}

async function writeProperties(dir: string, place: KafkaPlace, { user }: EnginePaths): Promise<void> {
  await writeOwnFile(join(dir, 'server.properties'), serverProperties(place), user);
}

async function format(dir: string, paths: EnginePaths): Promise<void> {
  await writeProperties(dir, { data: join(dir, 'data'), port: 9092, controllerPort: 9093 }, paths);
  const args = [
    'kafka.tools.StorageTool',
    'format',
    '-t',
    'KolateTemplateCluster0',
    '-c',
    join(dir, 'server.properties'),
  ];
  await run(paths.java, [...jvmFlags(paths), ...args], { cwd: dir, timeoutMs: 120_000, ...paths.user });
}

/** Runs it once, on a copy, for the JVM to write down at its end which classes it needed. */
async function train(dir: string, paths: EnginePaths): Promise<void> {
  const [broker, controller] = [await holdFreePort(), await holdFreePort()];
  const data = join(dir, 'training');
  await run('cp', ['-a', join(dir, 'data'), data]);
  await writeProperties(dir, { data, port: broker.port, controllerPort: controller.port }, paths);
  await Promise.all([broker.release(), controller.release()]);
  const archive = [`-XX:ArchiveClassesAtExit=${join(dir, 'classes.jsa')}`];
  const spec = kafkaProcess({ name: 'kafka-training', dir, port: broker.port, paths }, archive);
  const files = { pidFile: join(dir, 'training.pid'), logFile: join(dir, 'training.log') };
  const running = await startProcess(spec, files);
  await running.stop(60_000);
  await rm(data, { recursive: true });
}
