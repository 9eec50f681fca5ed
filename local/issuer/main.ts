import { IssuerEnv } from '../../src/contracts/env/issuer-env';
import { readEnv } from '../../src/platform/config/read-env';
import { runUntilSignal } from '../../src/platform/lifecycle/run-until-signal';
import { createLogger } from '../../src/platform/logging/create-logger';
import { createIssuerApp } from './issuer-app';

const dayMs = 86_400_000;

async function main(): Promise<void> {
  const env = readEnv(IssuerEnv, process.env);
  const log = createLogger('issuer', env.KOLATE_LOG_LEVEL);
  let close: () => Promise<void> = async () => undefined;
  await runUntilSignal({
    log,
    start: async () => {
      const app = await createIssuerApp({
        log,
        issuer: env.KOLATE_ISSUER_URL,
        data: env.KOLATE_ISSUER_DATA,
        adminToken: env.KOLATE_IDENTITY_ADMIN_TOKEN,
        operatorSecret: env.KOLATE_OPERATOR_CLIENT_SECRET,
        operatorPassword: env.KOLATE_OPERATOR_PASSWORD,
        tokenLifetimeSeconds: env.KOLATE_TOKEN_LIFETIME_SECONDS,
        keyLeadMs: env.KOLATE_KEY_LEAD_SECONDS * 1_000,
        keyRotationMs: env.KOLATE_KEY_ROTATION_DAYS * dayMs,
      });
      close = app.close;
      await new Promise<void>((resolve, reject) => {
        app.server.once('error', reject);
        app.server.listen(env.KOLATE_PORT, env.KOLATE_HOST, resolve);
      });
    },
    stop: [() => close()],
    deadlineMs: env.KOLATE_DRAIN_TIMEOUT_MS,
  });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
