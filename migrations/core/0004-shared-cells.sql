-- Shared cells: hosts that the engines of several tenants run on. Written from configuration at each start of enterprise-info.
create table tenancy.cell (
  id text primary key,
  -- False once the configuration does not name it any more: who is there stays, nobody new comes.
  open boolean not null default true,
  updated_at timestamptz not null default now()
);
create table tenancy.cell_host (
  cell_id text not null references tenancy.cell,
  slot int not null check (slot between 1 and 3),
  zone text not null,
  -- What tenants may have of it.
  memory_mib int not null check (memory_mib > 0),
  disk_gib int not null check (disk_gib > 0),
  tasks int not null check (tasks > 0),
  primary key (cell_id, slot)
);

-- The room that a tenant has in a cell goes with its placement: where that is removed, the room is free again.
alter table tenancy.placement
  add column cell_id text,
  add column cell_slot int,
  -- Agreed when it was placed; measured once it has been, and the larger of both counts.
  add column memory_mib int check (memory_mib > 0),
  add column disk_gib int check (disk_gib > 0),
  add column measured_memory_mib int check (measured_memory_mib >= 0),
  add column measured_disk_gib int check (measured_disk_gib >= 0),
  add foreign key (cell_id, cell_slot) references tenancy.cell_host,
  add check (num_nulls(cell_id, cell_slot, memory_mib, disk_gib) in (0, 4));
create index on tenancy.placement (cell_id, cell_slot) where cell_id is not null;
