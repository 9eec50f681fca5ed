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
import { createRotationSteps } from './rotation-steps';
import type { SecretVersions } from './secret-versions';
import type { StoreSecret } from './store-secret';
import { storeUsers } from './store-users';
import { otherUser } from './turns';

/** Where the stores of one tenant are. */
export type TenantStores = {
  readonly host: string;
  readonly ports: { readonly postgres: number; readonly mongo: number; readonly redis: number };
};
type Options = {
  readonly versions: SecretVersions;
  readonly storesOf: (tenantId: string) => TenantStores;
};
/** What the secret is called, its tenant, and the certificate that the stores show. */
type Owner = { readonly secretId: string; readonly tenantId: string; readonly tlsSecretId: string };
type Place = TenantStores & { readonly ca: string };

const engineOf = { postgres: 'postgres', mongo: 'mongo', redis: 'redis', redisMaintenance: 'redis' } as const;
/** As every stack of a tenant has them. */
const firstUsers = { postgres: 'app', mongo: 'app', redis: 'app', redisMaintenance: 'maintenance' } as const;
const form = /^((?:arn:[^/]*:secret:)?(?:[^:]*\/)?tenant\/([0-9a-f-]{36})\/[a-z-]+\/)stores(-\w{6})?$/;

/**
 * Rotates all passwords of one tenant's stores. Every store has two users, whose passwords both are in the secret: the
 * one whose turn it is not gets a new password and then the turn. So whoever reads the secret is let in before, meanwhile
 * and after, and a store that starts from it lets both in. Nobody needs an administrator: users of PostgreSQL and MongoDB
 * set their own passwords, by the one before; those of Valkey are set by its maintenance user.
 * @throws KolateError KLT_CONFIG_INVALID; what a store says when it cannot be reached or refuses
 */
export function createTenantRotation({ versions, storesOf }: Options) {
  const placeOf = async ({ tenantId, tlsSecretId }: Owner): Promise<Place> => {
    const { certificate: ca }: { certificate?: string } = JSON.parse(
      (await versions.get(tlsSecretId, 'AWSCURRENT')) ?? '{}',
    );
    if (ca) return { ...storesOf(tenantId), ca };
    throw new KolateError('KLT_CONFIG_INVALID', `the secret ${tlsSecretId} does not hold a certificate`);
  };
  return createRotationSteps(versions, {
    make: (text, secretId) => JSON.stringify(nextTurn(ownerOf(secretId), parseStackCredentials(secretId, text))),

    async set(pendingText, currentText, secretId) {
      const owner = ownerOf(secretId);
      const place = await placeOf(owner);
      const pending = parseStackCredentials(secretId, pendingText);
      const current = parseStackCredentials(secretId, currentText);
      for (const use of storeUses) {
        const wanted = loginOf(owner, place, pending, use);
        if (await isLetIn(wanted)) continue;
        const { username, password, engine } = wanted;
        const by =
          engine === 'redis'
            ? loginOf(owner, place, current, 'redisMaintenance')
            : loginOf(owner, place, current, use, username);
        await storeUsers[engine].setPassword(by, { username, password, like: username });
      }
    },

    async test(text, secretId) {
      const owner = ownerOf(secretId);
      const place = await placeOf(owner);
      const pending = parseStackCredentials(secretId, text);
      for (const use of storeUses) {
        const login = loginOf(owner, place, pending, use);
        await storeUsers[login.engine].tryOut(login);
      }
    },
  });
}

/** @param secretId name or ARN, which ends with letters of its own choice; without them it is found, too */
function ownerOf(secretId: string): Owner {
  const [, folder, tenantId] = form.exec(secretId) ?? [];
  if (folder && tenantId) return { secretId, tenantId, tlsSecretId: `${folder.replace(/^arn:.*:secret:/, '')}tls` };
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
  { host, ports, ca }: Place,
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
