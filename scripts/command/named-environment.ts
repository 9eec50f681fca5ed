import { join } from 'node:path';
import { environmentNames } from '../aws/synthesize';
import { UsageError } from './run-script';

/** As a usage has it. */
export const anyEnvironment = environmentNames.join('|');

/** @throws UsageError with what, got, expected */
export function namedEnvironment(name: string | undefined): string {
  if (name !== undefined && environmentNames.includes(name)) return name;
  const got = name === undefined ? 'missing' : `"${name}"`;
  throw new UsageError(`--env is ${got}; expected ${environmentNames.join(' or ')}`);
}

/** Where an environment is synthesized to: one does not find stacks of another there. */
export const assemblyFolder = (environment: string): string => join('cdk.out', environment);

/**
 * The folder that `--assembly` names, else that of `--env`.
 * @throws UsageError where neither is there
 */
export const namedAssembly = ({ env, assembly }: { env?: string; assembly?: string }): string =>
  assembly ?? assemblyFolder(namedEnvironment(env));
