import { randomUUID } from 'node:crypto';
import { readCursorKeys } from '../../../src/platform/http/cursor-keys';
import { handlerBundle } from '../../helpers/handler-bundle';
import { startSecretsManagerEndpoint } from '../../helpers/secrets-manager-endpoint';

type Handler = (event: { Step: string; SecretId: string; ClientRequestToken: string }) => Promise<void>;
const before = { ...process.env };
const secret = 'cursors';
const first = 'k'.repeat(64);

let manager: Awaited<ReturnType<typeof startSecretsManagerEndpoint>>;
let handler: Handler;
beforeAll(async () => {
  manager = await startSecretsManagerEndpoint();
  Object.assign(process.env, { AWS_ENDPOINT_URL_SECRETS_MANAGER: manager.url, AWS_REGION: 'us-east-1' });
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'any' });
  ({ handler } = (await import(handlerBundle('rotate-cursor-keys'))) as { handler: Handler });
});
afterAll(async () => {
  process.env = before;
  await manager.close();
});
beforeEach(() => manager.secrets.set(secret, first));

const current = () => readCursorKeys(manager.secrets.get(secret) ?? '');
async function rotate(): Promise<void> {
  const ClientRequestToken = randomUUID();
  manager.startRotation(secret, ClientRequestToken);
  for (const Step of ['createSecret', 'createSecret', 'setSecret', 'testSecret', 'finishSecret', 'finishSecret']) {
    await handler({ Step, SecretId: secret, ClientRequestToken });
  }
}

describe('the rotation of the keys of cursors', () => {
  it('makes a key known for a whole turn before it signs, and believes it for one after', async () => {
    await rotate();
    let older = current();
    expect(older).toEqual([first, expect.stringMatching(/^[\w-]{64}$/)]);
    for (let turn = 1; turn <= 3; turn += 1) {
      await rotate();
      const younger = current();
      expect(younger).toHaveLength(3);
      // Each believes what the other signs.
      expect(younger[0]).toBe(older[1]);
      expect(older).toContain(younger[0]);
      expect(younger).toContain(older[0]);
      older = younger;
    }
    expect(current()).not.toContain(first);
  });

  it('leaves alone what is none, without showing it', async () => {
    manager.secrets.set(secret, 'do-not-show-me');
    await expect(rotate()).rejects.toThrow(/^(?!.*do-not-show-me).*keys of cursors/);
  });
});
