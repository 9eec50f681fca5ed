import type { Assembly } from '../../../lib/assembly/assembly';
import { isRecord, type Rule, type Violation } from './rule';

const secrets: readonly (readonly [RegExp, string])[] = [
  [/\b(AKIA|ASIA)[0-9A-Z]{16}\b/, 'an access key'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY/, 'a private key'],
  [/\beyJ[\w-]{20,}\.eyJ[\w-]{20,}\./, 'a token'],
  [/:\/\/[^/\s:@]+:[^/\s:@{}$]+@/, 'an address with a password'],
];
const secretNames = /(password|secretstring|authtoken|privatekey)$/i;
/** Accounts of AWS whose load balancers or services write for us, and the one that stands in until somebody names theirs. */
const knownAccounts = ['111111111111', '127311923021', '797873946194', '033677994240'];

/** Accounts that `literals` name: as theirs, and in the ARNs of what they say is there. */
export const accountsIn = (literals: readonly unknown[]): string[] => accountsOf(JSON.stringify(literals));

/**
 * Neither a secret nor an account other than the environments' own.
 * @param ours accounts that their literals name
 */
export const noSecrets = (ours: readonly string[]): Rule => ({
  name: 'no-secrets',
  check: ({ stacks }: Assembly) =>
    stacks.flatMap((stack) =>
      Object.entries(stack.template.Resources).flatMap(([id, { Properties }]) =>
        textsIn(Properties ?? {}, '').flatMap(([name, text]): Violation[] => [
          ...saidOf(name, text, ours).map((what) => ({ at: { stack, id }, says: `holds ${what} in ${name}` })),
        ]),
      ),
    ),
});

function saidOf(name: string, text: string, ours: readonly string[]): string[] {
  const found = secrets.filter(([pattern]) => pattern.test(text)).map(([, what]) => what);
  if (secretNames.test(name) && text !== '' && !text.startsWith('{{resolve:')) found.push('a secret');
  const foreign = accountsOf(text).filter((account) => !knownAccounts.includes(account) && !ours.includes(account));
  return [...found, ...foreign.map((account) => `the account ${account}`)];
}

const accountsOf = (text: string): string[] =>
  [...text.matchAll(/(?<![\w.-])\d{12}(?![\w.-])/g)].map(([account]) => account);

/** Every text in `value` with where it stands. */
function textsIn(value: unknown, path: string): (readonly [string, string])[] {
  if (typeof value === 'string') return [[path, value]];
  if (Array.isArray(value)) return value.flatMap((item) => textsIn(item, path));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([name, child]) =>
    textsIn(child, name === 'Ref' || name.startsWith('Fn::') ? `${path}()` : path === '' ? name : `${path}.${name}`),
  );
}
