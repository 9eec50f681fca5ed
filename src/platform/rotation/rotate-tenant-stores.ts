import { randomBytes } from 'node:crypto';
import { KolateError } from '../../contracts/errors';
import {
  parseStackCredentials,
  passwordFor,
  type StackCredentials,
  type StoreUse,
  storeUses,
  userOf,
} from '../tenancy/stack-credentials';
import { createRotationSteps, type RotationStep } from './rotation-steps';
import type { SecretVersions } from './secret-versions';
import type { StoreSecret } from './store-secret';
import { storeUsers } from './store-users';
import { otherUser } from './turns';

/** Where the stores of one tenant are: on one host, or on that of each member. */
export type TenantStores = {
  readonly hosts: readonly string[];
  readonly ports: { readonly postgres: number; readonly mongo: number; readonly redis: number };
};
export type StackOwner = { readonly tenantId: string; readonly tier: string };
type Options = {
  readonly versions: SecretVersions;
  readonly storesOf: (owner: StackOwner) => Promise<TenantStores>;
};
/** What the secret is called, whose it is, and the certificate that the stores show. */
type Owner = StackOwner & { readonly secretId: string; readonly tlsSecretId: string };
type Place = TenantStores & { readonly ca: string };

const engineOf = { postgres: 'postgres', mongo: 'mongo', redis: 'redis', redisMaintenance: 'redis' } as const;
/** As every stack of a tenant has them. */
const firstUsers = { postgres: 'app', mongo: 'app', redis: 'app', redisMaintenance: 'maintenance' } as const;
const form = /^((?:arn:[^/]*:secret:)?(?:[^:]*\/)?tenant\/([0-9a-f-]{36})\/([a-z-]+)\/)stores(-\w{6})?$/;

type Act = (host: string) => Promise<void>;
/** On which members something is done. Users of PostgreSQL are copied from the leader; each Valkey has its own. */
const reach: Readonly<Record<StoreSecret['engine'], (hosts: readonly string[], act: Act) => Promise<void>>> = {
  async postgres(hosts, act) {
    const failures: unknown[] = [];
    for (const host of hosts) {
      try {
        return await act(host);
      } catch (error) {
        failures.push(error);
      }
    }
    throw failures.at(-1);
  },
  // Documents have no copies.
  mongo: ([first = ''], act) => act(first),
  async redis(hosts, act) {
    for (const host of hosts) await act(host);
  },
};

/**
 * Rotates all passwords of one tenant's stores. Every store has two users, whose passwords both are in the secret: the
 * one whose turn it is not gets a new password and then the turn. So whoever reads the secret is let in before, meanwhile
 * and after, and a store that starts from it lets both in. Nobody needs an administrator: users of PostgreSQL and MongoDB
 * set their own passwords, by the one before; those of Valkey are set by its maintenance user.
 * @throws KolateError KLT_CONFIG_INVALID; what a store says when it cannot be reached or refuses
 */
export function createTenantRotation({ versions, storesOf }: Options) {
  const placeOf = async ({ tlsSecretId, ...owner }: Owner): Promise<Place> => {
    const { certificate: ca }: { certificate?: string } = JSON.parse(
      (await versions.get(tlsSecretId, 'AWSCURRENT')) ?? '{}',
    );
    if (ca) return { ...(await storesOf(owner)), ca };
    throw new KolateError('KLT_CONFIG_INVALID', `the secret ${tlsSecretId} does not hold a certificate`);
  };
  const run = createRotationSteps(versions, {
    make: (text, secretId) => JSON.stringify(nextTurn(ownerOf(secretId), parseStackCredentials(secretId, text))),

    async set(pendingText, currentText, secretId) {
      const owner = ownerOf(secretId);
      const place = await placeOf(owner);
      const pending = parseStackCredentials(secretId, pendingText);
      const current = parseStackCredentials(secretId, currentText);
      for (const use of storeUses) {
        await reach[engineOf[use]](place.hosts, async (host) => {
          const wanted = loginOf(owner, place, host, pending, use);
          if (await isLetIn(wanted)) return;
          const { username, password, engine } = wanted;
          const by =
            engine === 'redis'
              ? loginOf(owner, place, host, current, 'redisMaintenance')
              : loginOf(owner, place, host, current, use, username);
          await storeUsers[engine].setPassword(by, { username, password, like: username });
        });
      }
    },

    async test(text, secretId) {
      const owner = ownerOf(secretId);
      const place = await placeOf(owner);
      const pending = parseStackCredentials(secretId, text);
      for (const use of storeUses) {
        const engine = engineOf[use];
        await reach[engine](place.hosts, (host) =>
          storeUsers[engine].tryOut(loginOf(owner, place, host, pending, use)),
        );
      }
    },
  });
  return async (step: RotationStep): Promise<void> => {
    // Nobody is asked about what is none.
    ownerOf(step.secretId);
    await run(step);
  };
}

/** @param secretId name or ARN, which ends with letters of its own choice; without them it is found, too */
function ownerOf(secretId: string): Owner {
  const [, folder, tenantId, tier] = form.exec(secretId) ?? [];
  if (folder && tenantId && tier) {
    return { secretId, tenantId, tier, tlsSecretId: `${folder.replace(/^arn:.*:secret:/, '')}tls` };
  }
  throw new KolateError('KLT_CONFIG_INVALID', `${secretId} is not the secret of a tenant’s stores`);
}

/** The same with new passwords for the users whose turn it is not, and theirs is the turn. */
function nextTurn({ secretId }: Owner, { turn, ...passwords }: StackCredentials): StackCredentials {
  const made = Object.fromEntries(
    storeUses.map((use) => [
      turn === 'clone' ? use : `${use}Clone`,
      // Where there is none yet no store has that user.
      passwordFor(secretId, passwords, use, otherUser(firstUsers[use])) && randomBytes(32).toString('base64url'),
    ]),
  );
  return { ...passwords, ...made, ...(turn === 'clone' ? {} : { turn: 'clone' as const }) };
}

/** @param user @default - the one whose turn it is */
function loginOf(
  { secretId }: Owner,
  { ports, ca }: Place,
  host: string,
  credentials: StackCredentials,
  use: StoreUse,
  user = userOf(credentials, firstUsers[use]),
): StoreSecret {
  const engine = engineOf[use];
  return {
    ...{ engine, host, port: ports[engine], username: user, ca },
    password: passwordFor(secretId, credentials, use, user),
    // Every tenant has its own.
    ...(engine === 'postgres' ? { dbname: 'tenant' } : {}),
  };
}

const isLetIn = (secret: StoreSecret): Promise<boolean> =>
  storeUsers[secret.engine].tryOut(secret).then(
    () => true,
    () => false,
  );
