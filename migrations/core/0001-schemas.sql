-- One schema and one role a service. The roles' passwords are set by whoever runs the platform, not here.
do $$
declare
  owner record;
begin
  for owner in select * from (values ('tenancy', 'enterprise_info'), ('saga', 'core')) as t (schema_name, role_name) loop
    if not exists (select from pg_roles where rolname = owner.role_name) then
      execute format('create role %I login', owner.role_name);
    end if;
    execute format('create schema %I', owner.schema_name);
    execute format('grant usage on schema %I to %I', owner.schema_name, owner.role_name);
    execute format('alter default privileges in schema %I grant select, insert, update, delete on tables to %I',
                   owner.schema_name, owner.role_name);
    execute format('alter default privileges in schema %I grant usage on sequences to %I', owner.schema_name, owner.role_name);

    -- Debezium's outbox columns, and ours. `raw` holds bytes that are passed on as they came (retry, dead letter).
    execute format('create table %I.outbox (
      seq bigint generated always as identity primary key,
      id uuid not null,
      aggregatetype text not null,
      aggregateid text not null,
      type text not null,
      payload jsonb,
      raw bytea,
      tenant_id uuid,
      headers jsonb not null default ''{}'',
      created_at timestamptz not null default now(),
      check ((payload is null) <> (raw is null)))', owner.schema_name);
    -- Messages whose effect has been committed: consumer group and event id.
    execute format('create table %I.inbox (
      consumer text not null,
      message_id text not null,
      seen_at timestamptz not null default now(),
      primary key (consumer, message_id))', owner.schema_name);
    execute format('create index on %I.inbox using brin (seen_at)', owner.schema_name);
    -- The next offset to take, per consumer group and partition, moved in the transaction of the effect.
    execute format('create table %I.consumer_offset (
      consumer text not null,
      topic text not null,
      partition int not null,
      next_offset bigint not null,
      primary key (consumer, topic, partition))', owner.schema_name);
    -- Messages that wait in the retry topic. Later messages of their key queue up behind them; `turn` is the message's
    -- offset in the main topic, so that the smallest of a key is the next.
    execute format('create table %I.parked_message (
      consumer text not null,
      topic text not null,
      key text not null,
      turn bigint not null,
      primary key (consumer, topic, key, turn))', owner.schema_name);
    execute format('create table %I.idempotency_key (
      scope text not null,
      key text not null,
      request_sha256 text not null,
      status int,
      headers jsonb,
      body text,
      created_at timestamptz not null default now(),
      primary key (scope, key))', owner.schema_name);
    execute format('create index on %I.idempotency_key (created_at)', owner.schema_name);
  end loop;

  -- Predict owns no schema here; it reads where tenants' stores are through the view that tenancy publishes.
  if not exists (select from pg_roles where rolname = 'predict') then
    create role predict login;
  end if;
end $$;
