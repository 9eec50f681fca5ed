import { KolateError } from '../../contracts/errors';
import type { SecretVersions } from './secret-versions';

/** Which step of the rotation of which secret; `token` is the id of the version that is being made. */
export type RotationStep = { readonly step: string; readonly secretId: string; readonly token: string };

/** What is particular to one kind of secret; all of it may be repeated, and may die anywhere. */
export type RotationWork = {
  /** The next value. Before it is kept nothing may count that only it knows of. */
  make(current: string, secretId: string): Promise<string> | string;
  /** Lets the next value in, beside the one that counts. @default - whoever reads the secret is all there is */
  set?(pending: string, current: string, secretId: string): Promise<void>;
  /** Resolves when the next value is let in. */
  test?(pending: string, secretId: string): Promise<void>;
};

/**
 * The four steps of Secrets Manager. Nothing changes for whoever reads the secret before the last one, which tests again.
 * @throws KolateError KLT_CONFIG_INVALID; what `work` throws
 */
export function createRotationSteps(versions: SecretVersions, { make, set, test }: RotationWork) {
  const need = async (secretId: string, stage: string, token?: string): Promise<string> => {
    const text = await versions.get(secretId, stage, token);
    if (text !== undefined) return text;
    throw new KolateError('KLT_CONFIG_INVALID', `the secret ${secretId} has no version ${stage}`);
  };
  const testSecret = async ({ secretId, token }: RotationStep): Promise<void> => {
    const pending = await versions.get(secretId, 'AWSPENDING', token);
    // Without one Secrets Manager tries out the function alone, as it does when a schedule is made.
    if (pending !== undefined) await test?.(pending, secretId);
  };
  const steps: Readonly<Record<string, (step: RotationStep) => Promise<void>>> = {
    async createSecret({ secretId, token }) {
      if ((await versions.get(secretId, 'AWSPENDING', token)) !== undefined) return;
      const next = await make(await need(secretId, 'AWSCURRENT'), secretId);
      await versions.putPending(secretId, token, next);
    },
    async setSecret({ secretId, token }) {
      if (!set) return;
      await set(await need(secretId, 'AWSPENDING', token), await need(secretId, 'AWSCURRENT'), secretId);
    },
    testSecret,
    async finishSecret(step) {
      // What let it in may have been started anew meanwhile, from the version that counts.
      await testSecret(step);
      await versions.makeCurrent(step.secretId, step.token);
    },
  };
  return async (step: RotationStep): Promise<void> => {
    const act = steps[step.step];
    if (!act) throw new KolateError('KLT_CONFIG_INVALID', `there is no step ${step.step} in a rotation`);
    // False: this version counts already, and the step is a repetition.
    if (await versions.isRotating(step.secretId, step.token)) await act(step);
  };
}
