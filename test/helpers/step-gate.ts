import { tenantOnboarding } from '../../src/domain/sagas/tenant-onboarding';
import type { Postgres } from '../../src/platform/postgres/create-postgres';

export type Victim = 'core' | 'enterprise-info';
export type Gate = {
  /** Whether the victim stands at it. */
  isReached(): Promise<boolean>;
  open(): Promise<void>;
};

const lockClass = 7_400;
const positions = tenantOnboarding.steps.map(({ name }, index) => `('${name}', ${index})`).join(', ');

/** A trigger waits for an advisory lock of the test's, in the middle of what the victim writes. */
const triggers = `
  create schema gate;
  create table gate.closed (victim text, step text, lock int);
  create table gate.position (step text, at int);
  insert into gate.position values ${positions};
  create function gate.pass(who text, what text) returns void language plpgsql security definer as $$
  declare number int := (select lock from gate.closed where victim = who and step = what);
  begin
    if number is not null then perform pg_advisory_xact_lock(${lockClass}, number); end if;
  end $$;
  create function gate.saga() returns trigger language plpgsql security definer as $$
  begin
    if new.state->>'phase' = 'sent' and new.state->>'direction' = 'do' then
      perform gate.pass('core', (select step from gate.position where at = (new.state->>'at')::int));
    end if;
    return new;
  end $$;
  create function gate.reply() returns trigger language plpgsql security definer as $$
  begin
    if new.type = 'step.succeeded' then perform gate.pass('enterprise-info', new.payload->>'step'); end if;
    return new;
  end $$;
  create trigger gate before insert or update on saga.saga for each row execute function gate.saga();
  create trigger gate before insert on tenancy.outbox for each row execute function gate.reply();`;

/**
 * Holds a service where it writes down what a step of the onboarding came to, until the gate is opened: core as it begins
 * the step, enterprise-info when the step has had its effect and its answer is about to be committed.
 */
export async function createStepGates({ pool }: Pick<Postgres<'core'>, 'pool'>) {
  await pool.query(triggers);
  const session = await pool.connect();
  let last = 0;
  return {
    async close(victim: Victim, step: string): Promise<Gate> {
      last += 1;
      const lock = last;
      await session.query('select pg_advisory_lock($1, $2)', [lockClass, lock]);
      await session.query('insert into gate.closed values ($1, $2, $3)', [victim, step, lock]);
      return {
        async isReached() {
          const waiting = `select from pg_locks where locktype = 'advisory' and not granted and classid = $1 and objid = $2`;
          return (await pool.query(waiting, [lockClass, lock])).rowCount === 1;
        },
        async open() {
          await session.query('delete from gate.closed where lock = $1', [lock]);
          await session.query('select pg_advisory_unlock($1, $2)', [lockClass, lock]);
        },
      };
    },
    end: (): void => session.release(),
  };
}
