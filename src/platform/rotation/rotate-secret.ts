import { randomBytes } from 'node:crypto';
import { KolateError } from '../../contracts/errors';
import type { RotationStep } from './rotation-steps';
import type { SecretVersions } from './secret-versions';
import { parseStoreSecret, type StoreSecret } from './store-secret';
import { storeUsers } from './store-users';
import { otherUser } from './turns';

/**
 * Rotation by the four steps of Secrets Manager, each of which may be repeated at any time. Before the last one nothing
 * changes for whoever reads the secret; after it the user before goes on to be let in until the next rotation, when two
 * users take turns (`masterarn`).
 * @throws KolateError KLT_CONFIG_INVALID; what the store says when it cannot be reached or refuses
 */
export function createRotation(versions: SecretVersions) {
  const read = async (secretId: string, stage: string, token?: string): Promise<StoreSecret | undefined> => {
    const text = await versions.get(secretId, stage, token);
    return text === undefined ? undefined : parseStoreSecret(secretId, text);
  };
  const need = async (secretId: string, stage: string, token?: string): Promise<StoreSecret> => {
    const secret = await read(secretId, stage, token);
    if (secret) return secret;
    throw new KolateError('KLT_CONFIG_INVALID', `the secret ${secretId} has no version ${stage}`);
  };
  const pendingOf = ({ secretId, token }: RotationStep) => need(secretId, 'AWSPENDING', token);

  const createSecret = async ({ secretId, token }: RotationStep): Promise<void> => {
    if ((await versions.get(secretId, 'AWSPENDING', token)) !== undefined) return;
    const current = await need(secretId, 'AWSCURRENT');
    const username = current.masterarn === undefined ? current.username : otherUser(current.username);
    const password = randomBytes(32).toString('base64url');
    await versions.putPending(secretId, token, JSON.stringify({ ...current, username, password }));
  };

  /** Whoever may set the password: the administrator, or the user itself with the password that still counts. */
  const setter = async (secretId: string, current: StoreSecret): Promise<StoreSecret> => {
    const { tryOut } = storeUsers[current.engine];
    if (current.masterarn !== undefined) {
      const text = (await versions.get(current.masterarn, 'AWSCURRENT')) ?? '';
      const admin = parseStoreSecret(current.masterarn, text, placeOf(current));
      if (admin.host === current.host && admin.engine === current.engine) return admin;
      throw new KolateError('KLT_CONFIG_INVALID', `${current.masterarn} is of another store than ${secretId}`);
    }
    const before = await tryOut(current).then(
      () => current,
      () => read(secretId, 'AWSPREVIOUS'),
    );
    return before?.host === current.host ? before : current;
  };

  const setSecret = async (step: RotationStep): Promise<void> => {
    const pending = await pendingOf(step);
    const current = await need(step.secretId, 'AWSCURRENT');
    const { tryOut, setPassword } = storeUsers[pending.engine];
    const isDone = await tryOut(pending).then(
      () => true,
      () => false,
    );
    if (isDone) return;
    const by = await setter(step.secretId, current);
    await setPassword(by, { username: pending.username, password: pending.password, like: current.username });
  };

  const steps: Readonly<Record<string, (step: RotationStep) => Promise<void>>> = {
    createSecret,
    setSecret,
    testSecret: async (step) => {
      const pending = await pendingOf(step);
      await storeUsers[pending.engine].tryOut(pending);
    },
    finishSecret: ({ secretId, token }) => versions.makeCurrent(secretId, token),
  };

  return async (step: RotationStep): Promise<void> => {
    const act = steps[step.step];
    if (!act) throw new KolateError('KLT_CONFIG_INVALID', `there is no step ${step.step} in a rotation`);
    // False: this version counts already, and the step is a repetition.
    if (await versions.isRotating(step.secretId, step.token)) await act(step);
  };
}

/** For the secrets of administrators that RDS manages: they hold the user alone. */
const placeOf = ({ engine, host, port, dbname, ssl }: StoreSecret): Partial<StoreSecret> => ({
  ...{ engine, host, port },
  ...(dbname === undefined ? {} : { dbname }),
  ...(ssl === undefined ? {} : { ssl }),
});
