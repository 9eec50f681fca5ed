import type { Environment } from '../../lib/config/environment';
import type { Check } from './aws-checks';

/** Belongs to nobody, by RFC 2606: what stands in the repository until somebody fills in their own. */
const isExample = (name: string): boolean => /(^|[.@])example\.com$/.test(name);

/** What the literal of an environment alone shows as not filled in: asks nobody, and needs no credentials. */
export const checkLiteral = (environment: Environment): Check[] => [
  account(environment),
  domain(environment),
  originCertificate(environment),
  alarmEmails(environment),
];

const file = (name: string): string => `lib/config/${name}.ts`;

function account({ account: number, name }: Environment): Check {
  const check = { check: 'account', got: number ?? 'not filled in', needed: 'an account of yours' };
  if (number !== undefined) return { ...check, state: 'ok' };
  const hint = `set account in ${file(name)}: aws sts get-caller-identity --query Account`;
  return { ...check, state: 'failed', hint };
}

function domain({ domain: { name: got }, name }: Environment): Check {
  const check = { check: 'domain', got, needed: 'a domain of yours' };
  if (!isExample(got)) return { ...check, state: 'ok' };
  return { ...check, state: 'failed', hint: `set domain.name in ${file(name)} to a domain of yours` };
}

function originCertificate({ edge, name }: Environment): Check {
  const check = { check: 'origin certificate', got: edge.originCertificateArn ?? 'none', needed: 'a certificate' };
  if (edge.originCertificateArn) return { ...check, state: 'ok' };
  return { ...check, state: 'failed', hint: `npm run edge-mtls -- --env ${name} makes it and prints its ARN` };
}

function alarmEmails({ alarmEmails: addresses, name }: Environment): Check {
  const reached = addresses.filter((address) => !isExample(address));
  const check = { check: 'alarms', got: addresses.join(', ') || 'nobody is told', needed: 'an address of yours' };
  if (reached.length > 0) return { ...check, state: 'ok' };
  return { ...check, state: 'failed', hint: `set alarmEmails in ${file(name)} to whom alarms are mailed` };
}
