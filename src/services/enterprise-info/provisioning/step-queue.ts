import type { Message } from '../../../contracts/events/event';
import type { StepCommandName } from '../../../domain/sagas/all-sagas';
import type { CoreSql } from '../../../platform/postgres/sql';
import type { StepContext } from './step';

/** NOTIFY channel: a step has been put into the queue. */
export const stepChannel = 'tenancy_step_run';

export type QueuedStep = { readonly seq: number; readonly tenantId: string; readonly context: StepContext };

type Row = { seq: number; tenant_id: string; data: Omit<StepContext, 'command'>; command: StepCommandName };

/** Slow steps between the transaction that took them from the topic and the one that answers them. */
export function createStepQueue(sql: CoreSql) {
  return {
    /** Told to the workers when the transaction commits. A message that is here already is not put in again. */
    async add(message: Message, { command, ...data }: StepContext): Promise<void> {
      await sql.run`
        insert into tenancy.step_run (message_id, tenant_id, command, data, correlation_id, traceparent, deadline)
        values (${message.id}, ${data.tenantId}, ${command}, ${JSON.stringify(data)}, ${message.correlationId ?? null},
          ${message.traceparent ?? null}, ${new Date(data.deadline)})
        on conflict (message_id) do nothing`;
      await sql.query('select pg_notify($1, $2)', [stepChannel, '']);
    },
    /** The oldest step of each tenant that is not among `busy`, the oldest tenant first. */
    async next(busy: readonly string[], limit: number): Promise<QueuedStep[]> {
      const rows = await sql.many<Row>`
        select seq, tenant_id, command, data from (
          select distinct on (tenant_id) * from tenancy.step_run
          where tenant_id <> all (${busy}) order by tenant_id, seq) as first
        order by seq limit ${limit}`;
      return rows.map(({ seq, tenant_id: tenantId, command, data }) => ({
        ...{ seq, tenantId },
        context: { ...data, command },
      }));
    },
    /** @returns false when somebody else has answered it */
    remove: async (seq: number): Promise<boolean> =>
      (await sql.run`delete from tenancy.step_run where seq = ${seq}`) === 1,
    isWaiting: async (seq: number): Promise<boolean> =>
      (await sql.maybe`select from tenancy.step_run where seq = ${seq}`) !== undefined,
  };
}
