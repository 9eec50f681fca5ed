export type VersionRequest = {
  readonly SecretId?: string;
  readonly Name?: string;
  readonly SecretString?: string;
  readonly ClientRequestToken?: string;
  readonly VersionStage?: string;
  readonly VersionId?: string;
  readonly MoveToVersionId?: string;
  readonly RemoveFromVersionId?: string;
};
type Rotation = { readonly token: string; pending?: string; current: string; previous?: string; done: boolean };

const first = 'the-first-version';
const fault = (type: string, message: string) => ({ __type: type, message });

/** Secrets with the stages of their versions during a rotation, as Secrets Manager's API reference has them. */
export function createSecretVersionTable() {
  const secrets = new Map<string, string>();
  const rotations = new Map<string, Rotation>();

  const valueAt = (name: string, stage: string): string | undefined => {
    const rotation = rotations.get(name);
    if (stage === 'AWSPENDING') return rotation?.done ? undefined : rotation?.pending;
    return stage === 'AWSPREVIOUS' ? rotation?.previous : secrets.get(name);
  };
  return {
    secrets,
    previousOf: (name: string) => rotations.get(name)?.previous,
    /** What Secrets Manager does before it asks for the first step: a version without a value. */
    startRotation(name: string, token: string): void {
      const before = rotations.get(name);
      rotations.set(name, { token, current: before?.token ?? first, previous: before?.previous, done: false });
    },
    get({ SecretId = '', VersionStage = 'AWSCURRENT', VersionId }: VersionRequest) {
      const value = valueAt(SecretId, VersionStage);
      const isOther = VersionId !== undefined && VersionId !== rotations.get(SecretId)?.token;
      return value === undefined || isOther ? undefined : { Name: SecretId, SecretString: value };
    },
    put({ SecretId = '', SecretString = '', ClientRequestToken }: VersionRequest) {
      if (!secrets.has(SecretId)) return undefined;
      const rotation = rotations.get(SecretId);
      if (!rotation || ClientRequestToken !== rotation.token) {
        secrets.set(SecretId, SecretString);
        return { Name: SecretId };
      }
      if (rotation.pending !== undefined && rotation.pending !== SecretString) {
        return fault('ResourceExistsException', 'a version of this id has another value');
      }
      rotation.pending = SecretString;
      return { Name: SecretId };
    },
    describe({ SecretId = '' }: VersionRequest) {
      if (!secrets.has(SecretId)) return undefined;
      const rotation = rotations.get(SecretId);
      if (!rotation) return { Name: SecretId, RotationEnabled: false, VersionIdsToStages: { [first]: ['AWSCURRENT'] } };
      const { token, current, done } = rotation;
      const stages = done
        ? { [token]: ['AWSCURRENT'], [current]: ['AWSPREVIOUS'] }
        : { [token]: ['AWSPENDING'], [current]: ['AWSCURRENT'] };
      return { Name: SecretId, RotationEnabled: true, VersionIdsToStages: stages };
    },
    moveStage({ SecretId = '', MoveToVersionId, RemoveFromVersionId }: VersionRequest) {
      const rotation = rotations.get(SecretId);
      const isFit = rotation?.token === MoveToVersionId && rotation?.current === RemoveFromVersionId;
      if (!rotation || !isFit || rotation.pending === undefined) {
        return fault('InvalidParameterException', 'AWSCURRENT is on another version');
      }
      rotation.previous = secrets.get(SecretId);
      secrets.set(SecretId, rotation.pending);
      rotation.done = true;
      return { Name: SecretId };
    },
  };
}
