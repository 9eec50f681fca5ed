-- The sagas, each with the whole of its state as `advance` makes it; the columns beside it are what is searched by.
-- json, not jsonb: the state is written at every step and only ever read as a whole.
create table saga.saga (
  id uuid primary key,
  saga text not null,
  tenant_id uuid not null,
  status text not null,
  revision int not null,
  -- When something has to happen though no message comes: a timeout or the next try. Null once it is over.
  wake_at timestamptz,
  -- Until it is over and that has been published.
  active boolean not null default true,
  state json not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
) with (fillfactor = 50);

-- The one index beside the key, on what a step does not change: so that a step is written without touching an index
-- (heap-only tuples). Due sagas are found by a look at all active ones.
create index saga_active on saga.saga (id) where active;

-- Undoes the statement that it is part of: a batch of steps is kept as a whole or not at all.
create function saga.expect(fulfilled boolean) returns void language plpgsql as $$
begin
  if not fulfilled then
    raise exception 'another process was quicker, or a message had been handled before' using errcode = 'KS001';
  end if;
end $$;
grant execute on function saga.expect(boolean) to core;
