import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { holdFreePort } from '../../local/engines/free-port';
import type { Python } from './python';
import { until } from './until';

const startDeadlineMs = 20_000;

/** For the SDK's clients; the access key names the account in this emulator. */
export const aws = { region: 'us-east-1', credentials: { accessKeyId: '000000000000', secretAccessKey: 'x' } };

/** MiniStack, on loopback alone and with no container engine; Lambdas run as processes on the Node that runs this. */
export async function startMiniStack(python: Python) {
  const { port, release } = await holdFreePort();
  await release();
  const child = spawn(python.interpreter, ['-m', 'ministack'], {
    stdio: 'ignore',
    env: {
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      HOME: process.env.HOME,
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
      DOCKER_HOST: 'tcp://127.0.0.1:9',
      LAMBDA_EXECUTOR: 'local',
      // As on AWS: a trigger that fails means no token.
      MINISTACK_COGNITO_PRETOKEN_STRICT: '1',
    },
  });
  const endpoint = `http://127.0.0.1:${port}`;
  await until(async () => (await fetch(`${endpoint}/_ministack/health`).catch(() => undefined))?.ok, startDeadlineMs);
  return {
    endpoint,
    async close() {
      const ended = once(child, 'exit');
      // It keeps nothing, and would wait for what is under way.
      child.kill('SIGKILL');
      await ended;
    },
  };
}
