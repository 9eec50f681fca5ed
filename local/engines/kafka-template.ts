import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { withLock } from '../setup/lock.mjs';
import { run } from '../setup/run.mjs';
import type { EnginePaths } from './engine';
import { serverProperties } from './kafka-properties';
import { makeOwnDir, writeOwnFile } from './own-files';

const memory = ['-Xms96m', '-Xmx320m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xss512k'];

export function jvmFlags({ kafkaLib }: EnginePaths): string[] {
  return [...memory, '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-cp', join(kafkaLib, '*')];
}

/** A formatted storage folder, once for each version: formatting starts a JVM, a copy does not. */
export async function kafkaTemplate(paths: EnginePaths): Promise<string> {
  const owner = paths.user?.uid ?? process.getuid?.();
  const dir = join(paths.templates, `${basename(paths.kafkaLib)}-1-${owner}`);
  if (existsSync(dir)) return dir;
  await mkdir(paths.templates, { recursive: true, mode: 0o755 });
  return withLock(`${dir}.lock`, async () => {
    if (existsSync(dir)) return dir;
    const part = `${dir}.part`;
    await rm(part, { recursive: true, force: true });
    await makeOwnDir(part, paths.user);
    await format(part, paths);
    await rename(join(part, 'data'), dir);
    await rm(part, { recursive: true });
    return dir;
  });
}

async function format(dir: string, paths: EnginePaths): Promise<void> {
  const properties = join(dir, 'server.properties');
  const text = serverProperties({ data: join(dir, 'data'), port: 9092, controllerPort: 9093 });
  await writeOwnFile(properties, text, paths.user);
  const clusterId = 'KolateTemplateCluster0';
  const args = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', properties];
  await run(paths.java, [...jvmFlags(paths), ...args], { cwd: dir, timeoutMs: 120_000, ...paths.user });
}
