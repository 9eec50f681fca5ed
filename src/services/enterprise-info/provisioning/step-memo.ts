import type { CoreSql } from '../../../platform/postgres/sql';
import type { StepContext } from './step';

/** What the first run of a step has found, for every later run of it: `find` is asked once, before anything is changed. */
export async function remembered<T>(sql: CoreSql, { sagaId, step }: StepContext, find: () => Promise<T>): Promise<T> {
  const read = () =>
    sql.maybe<{ memo: T & object }>`select memo from tenancy.step_memo where saga_id = ${sagaId} and step = ${step}`;
  const known = await read();
  if (known) return known.memo;
  const found = await find();
  await sql.run`
    insert into tenancy.step_memo (saga_id, step, memo) values (${sagaId}, ${step}, ${JSON.stringify(found)})
    on conflict do nothing`;
  return (await read())?.memo ?? found;
}
