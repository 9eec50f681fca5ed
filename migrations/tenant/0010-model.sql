-- The model registry of one tenant. Owner: predict.
create schema model;

create table model.model (
  name text primary key,
  description text not null default '',
  settings jsonb not null,
  -- Names given to versions that come without one: 1, 2, 3 …; never given twice, even after a delete.
  next_version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table model.version (
  -- Names the blob too, so that a version made again under the name of a deleted one never meets the old bytes.
  id uuid primary key,
  model text not null references model.model on delete cascade,
  version text not null,
  state text not null default 'awaiting-upload'
    check (state in ('awaiting-upload', 'validating', 'ready', 'rejected')),
  sha256 text not null,
  size_bytes bigint not null,
  blob_key text not null,
  lane text check (lane in ('fast', 'contained')),
  signature jsonb,
  rejection jsonb,
  -- Why serving took the version out of service; null while it is served.
  quarantine_reason text,
  created_at timestamptz not null default now(),
  -- When the last upload URL was given out.
  granted_at timestamptz not null default now(),
  ready_at timestamptz,
  -- Who validates it at the moment has until then; a validator that died is followed by another.
  claimed_until timestamptz,
  validation_attempts int not null default 0,
  unique (model, version),
  check ((state = 'ready') = (signature is not null and ready_at is not null)),
  check ((state = 'rejected') = (rejection is not null))
);
create index on model.version (model, ready_at desc, id desc) where state = 'ready';
create index on model.version (created_at) where state = 'validating';

create function model.keep_version_immutable() returns trigger language plpgsql as $$
begin
  if (old.id, old.model, old.version, old.sha256, old.size_bytes, old.blob_key)
     is distinct from (new.id, new.model, new.version, new.sha256, new.size_bytes, new.blob_key)
     or (old.state in ('ready', 'rejected')
         and (old.state, old.lane, old.signature, old.rejection)
             is distinct from (new.state, new.lane, new.signature, new.rejection)) then
    raise exception 'version % of model % is immutable', old.version, old.model;
  end if;
  return new;
end $$;
create trigger version_is_immutable before update on model.version
  for each row execute function model.keep_version_immutable();

create table model.alias (
  model text not null references model.model on delete cascade,
  alias text not null,
  version text not null,
  moved_at timestamptz not null,
  primary key (model, alias),
  -- No cascade: a version that an alias points to is not deleted by itself. Checked at the end of the statement, so that
  -- the delete of a model, which takes both, passes.
  foreign key (model, version) references model.version (model, version)
);

-- Where each alias has pointed. Goes with its model only: an alias that is deleted and made again keeps its history.
create table model.alias_move (
  seq bigint generated always as identity primary key,
  model text not null references model.model on delete cascade,
  alias text not null,
  version text not null,
  moved_at timestamptz not null,
  moved_by text not null
);
create index on model.alias_move (model, alias, seq desc);

-- Blobs whose version is gone: deleted after the commit, tried again until it works, and once more at `final_at`, when
-- no upload URL that was given out can bring them back.
create table model.doomed_blob (
  blob_key text primary key,
  attempts int not null default 0,
  retry_at timestamptz not null default now(),
  final_at timestamptz not null
);

-- Debezium's outbox columns, and ours; the same shape in every schema that has one.
create table model.outbox (
  seq bigint generated always as identity primary key,
  id uuid not null,
  aggregatetype text not null,
  aggregateid text not null,
  type text not null,
  payload jsonb,
  raw bytea,
  tenant_id uuid,
  headers jsonb not null default '{}',
  created_at timestamptz not null default now(),
  check ((payload is null) <> (raw is null))
);

create table model.idempotency_key (
  scope text not null,
  key text not null,
  request_sha256 text not null,
  status int,
  headers jsonb,
  body text,
  created_at timestamptz not null default now(),
  primary key (scope, key)
);
create index on model.idempotency_key (created_at);
