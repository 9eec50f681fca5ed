-- What the platform itself keeps in a tenant's database. The database's owner is the tenant's own role.
create schema platform;

-- Whose database this is: one row, written when the tenant is seeded and compared by the smoke test.
create table platform.owner (
  one boolean primary key default true check (one),
  tenant_id uuid not null,
  seeded_at timestamptz not null default now()
);

-- The smoke test writes a row here, reads it back and deletes it.
create table platform.smoke_test (
  id uuid primary key,
  at timestamptz not null default now()
);
