import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  SecretsManagerClient,
  type SecretsManagerClientConfig,
} from '@aws-sdk/client-secrets-manager';
import { KolateError } from '../../contracts/errors';
import { checkedSecretName, secretNotFound } from './secret-name';
import type { SecretStore } from './secret-store';

type Options = {
  readonly region: string;
  /** Before every name, with a slash between: environments may share an account. */
  readonly folder: string;
  /** Absent on AWS. */
  readonly endpoint?: string;
  /** Absent on AWS, where the task's role has them. */
  readonly credentials?: SecretsManagerClientConfig['credentials'];
  /** How long a value is answered from memory. */
  readonly cacheMs?: number;
  readonly now?: () => number;
};

type Kept = { readonly value: string; readonly until: number };

const maxCached = 1_000;
/** How long a retired secret can be brought back, with a backup that it opens. */
const recoveryDays = 30;

/**
 * AWS Secrets Manager. Values are kept in memory for `cacheMs` (60 s), concurrent reads of one name share one call, and
 * `refresh` asks again, as after a rotation. Deleted secrets leave at once: their names are never used again otherwise.
 */
export function createAwsSecrets(options: Options): SecretStore & { close(): void } {
  const { cacheMs = 60_000, now = Date.now } = options;
  const client = new SecretsManagerClient({
    region: options.region,
    endpoint: options.endpoint,
    credentials: options.credentials,
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
  });
  const idOf = (name: string): string => `${options.folder}/${name}`;
  const kept = new Map<string, Kept>();
  const running = new Map<string, Promise<string>>();

  const keep = (name: string, value: string): void => {
    kept.delete(name);
    if (kept.size >= maxCached) kept.delete(kept.keys().next().value as string);
    kept.set(name, { value, until: now() + cacheMs });
  };

  const fetchValue = async (name: string): Promise<string> => {
    const { SecretString } = await ask(name, () => client.send(new GetSecretValueCommand({ SecretId: idOf(name) })));
    if (SecretString === undefined) throw secretNotFound(name);
    keep(name, SecretString);
    return SecretString;
  };

  /** One call for all who ask for `name` while it runs. */
  const read = (name: string): Promise<string> => {
    const known = running.get(name);
    if (known) return known;
    const reading = fetchValue(name).finally(() => running.delete(name));
    running.set(name, reading);
    return reading;
  };

  return {
    get(name) {
      const known = kept.get(checkedSecretName(name));
      return known && known.until > now() ? Promise.resolve(known.value) : read(name);
    },
    refresh: (name) => read(checkedSecretName(name)),
    async put(name, value) {
      checkedSecretName(name);
      await ask(name, () => putValue(client, idOf(name), value));
      keep(name, value);
    },
    async delete(name) {
      kept.delete(checkedSecretName(name));
      const forget = new DeleteSecretCommand({ SecretId: idOf(name), ForceDeleteWithoutRecovery: true });
      await ask(name, () => client.send(forget)).catch((error: unknown) => {
        if (!(error instanceof KolateError && error.code === 'KLT_SECRET_NOT_FOUND')) throw error;
      });
    },
    async retire(name) {
      kept.delete(checkedSecretName(name));
      return ask(name, () => scheduleDeletion(client, idOf(name))).catch((error: unknown) => {
        if (error instanceof KolateError && error.code === 'KLT_SECRET_NOT_FOUND') return undefined;
        throw error;
      });
    },
    close: () => client.destroy(),
  };
}

/** Of a secret that is scheduled already, the date that was set first. */
async function scheduleDeletion(client: SecretsManagerClient, SecretId: string): Promise<string | undefined> {
  const { DeletedDate } = await client.send(new DescribeSecretCommand({ SecretId }));
  if (DeletedDate) return DeletedDate.toISOString();
  const retire = new DeleteSecretCommand({ SecretId, RecoveryWindowInDays: recoveryDays });
  return (await client.send(retire)).DeletionDate?.toISOString();
}

async function putValue(client: SecretsManagerClient, id: string, value: string): Promise<void> {
  const put = () => client.send(new PutSecretValueCommand({ SecretId: id, SecretString: value }));
  try {
    await put();
  } catch (error) {
    if (isNamed(error, 'ResourceNotFoundException')) {
      await client.send(new CreateSecretCommand({ Name: id, SecretString: value }));
    } else if (isNamed(error, 'InvalidRequestException')) {
      // Marked for deletion by somebody with a recovery window: it is wanted again.
      await client.send(new RestoreSecretCommand({ SecretId: id }));
      await put();
    } else throw error;
  }
}

const isNamed = (error: unknown, name: string): boolean => error instanceof Error && error.name === name;

/** It is on its way out: there is nothing to read, and a new value brings it back. */
const isRetired = (error: unknown): boolean =>
  isNamed(error, 'InvalidRequestException') && /marked|scheduled for deletion/.test((error as Error).message);

async function ask<T>(name: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (isNamed(error, 'ResourceNotFoundException') || isRetired(error)) throw secretNotFound(name, error);
    if (isNamed(error, 'AccessDeniedException')) {
      throw new KolateError('KLT_STORE_ACCESS_DENIED', `Secrets Manager refuses access to ${name}`, { cause: error });
    }
    throw new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'the secret store does not answer', {
      retryAfterSeconds: 1,
      cause: error,
    });
  }
}
