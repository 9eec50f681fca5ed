import { type Static, Type } from '@sinclair/typebox';

/** Of the Lambda that runs migrations as an ECS task: what to run is in its events. */
export const RunMigrationsEnv = Type.Object({
  KOLATE_POLL_MS: Type.Integer({ minimum: 10, default: 5_000, description: 'between two looks at the task' }),
});
export type RunMigrationsEnv = Static<typeof RunMigrationsEnv>;
