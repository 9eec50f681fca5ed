import { ECSClient } from '@aws-sdk/client-ecs';
import { RunMigrationsEnv } from '../../contracts/env/run-migrations-env';
import { readEnv } from '../../platform/config/read-env';
import { createRunMigrations } from './run-migrations';

const env = readEnv(RunMigrationsEnv, process.env);

export const handler = createRunMigrations({ ecs: new ECSClient({ maxAttempts: 5 }), pollMs: env.KOLATE_POLL_MS });
