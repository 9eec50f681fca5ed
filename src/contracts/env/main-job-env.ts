import { type Static, Type } from '@sinclair/typebox';
import { Slug } from '../http/tenants';

/** Of the Lambda that does the main job again and again. */
export const MainJobEnv = Type.Object({
  KOLATE_ENV: Type.String({ description: 'name of the environment, by which the command line finds it' }),
  KOLATE_MAIN_JOB_TENANT: Slug,
});
export type MainJobEnv = Static<typeof MainJobEnv>;
