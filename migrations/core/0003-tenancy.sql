-- Tenants, their operations, and where their stores are. Owner: enterprise-info.
create table tenancy.tenant (
  id uuid primary key,
  slug text not null,
  name text not null,
  tier text not null,
  contact text not null,
  state text not null default 'requested' check (state in (
    'requested', 'validating', 'provisioning', 'active', 'suspended',
    'changing_tier', 'exporting', 'deprovisioning', 'deleted')),
  -- Where an offboarding that is given up goes back to.
  state_before text,
  -- OAuth client, once minted; its secret is in the secret store until it has been shown, once.
  client_id text,
  secret_shown_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  version int not null default 1
);
-- The slug of a tenant that is gone may be taken again.
create unique index tenant_slug_key on tenancy.tenant (slug) where state <> 'deleted';
create index on tenancy.tenant (created_at, id);

-- What the operations API shows: begun here, then projected from what core says of the saga with the same id.
create table tenancy.operation (
  id uuid primary key,
  kind text not null,
  tenant_id uuid not null references tenancy.tenant,
  status text not null check (status in ('running', 'cancelling', 'compensating', 'succeeded', 'failed', 'cancelled')),
  steps jsonb not null,
  result jsonb,
  cause jsonb,
  -- Of the last projected state; older news than this is dropped.
  revision bigint not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
-- One lifecycle operation a tenant at a time.
create unique index operation_one_running on tenancy.operation (tenant_id)
  where status in ('running', 'cancelling', 'compensating');
create index on tenancy.operation (created_at, id);
create index on tenancy.operation (tenant_id, created_at);

create view tenancy.tenant_shown as
  select t.*, o.id as current_operation_id
  from tenancy.tenant t
  left join tenancy.operation o on o.tenant_id = t.id and o.status in ('running', 'cancelling', 'compensating');

-- Where the stores are. While a tenant moves there are two rows: `current`, and `target`, which becomes `current` at the
-- switch while the one before it becomes `old` until its stack is destroyed.
create table tenancy.placement (
  tenant_id uuid not null references tenancy.tenant,
  role text not null check (role in ('current', 'target', 'old')),
  tier text not null,
  stack text not null,
  -- Isolation of each store: { postgres, mongo, redis }.
  isolation jsonb not null,
  -- Name by which the secret store knows the passwords; null until provisioned, as are the endpoints.
  secret_name text,
  endpoints jsonb,
  updated_at timestamptz not null default now(),
  primary key (tenant_id, role)
);

-- The contract that other services read: one row for each tenant that there is or was. No secret is in it.
create view tenancy.placement_of as
  select t.id as tenant_id, t.slug, t.tier, t.state, p.stack, p.secret_name, p.endpoints
  from tenancy.tenant t
  left join tenancy.placement p on p.tenant_id = t.id and p.role = 'current';

-- Steps that take long: taken from the topic in one transaction, run by a worker, and gone in the transaction of the reply.
create table tenancy.step_run (
  seq bigint generated always as identity primary key,
  message_id uuid not null unique,
  tenant_id uuid not null,
  command text not null,
  data jsonb not null,
  correlation_id text,
  traceparent text,
  deadline timestamptz not null,
  created_at timestamptz not null default now()
);

-- What a step has to remember from one attempt to the next, such as the counts before a purge.
create table tenancy.step_memo (
  saga_id uuid not null,
  step text not null,
  memo jsonb not null,
  created_at timestamptz not null default now(),
  primary key (saga_id, step)
);

do $$
begin
  -- Tenants' databases of tier `pool` stand in the same cluster: their roles must not come in here.
  execute format('revoke connect, temporary on database %I from public', current_database());
  execute format('grant connect on database %I to enterprise_info, core, predict', current_database());
end $$;
grant usage on schema tenancy to predict;
grant select on tenancy.placement_of to predict;
