import { type Static, Type } from '@sinclair/typebox';
import { strict } from './http/common';

/** Memory that the engines of a tenant of ordinary size are given, MiB. */
export const engineMemoryMib = { postgres: 768, mongo: 768, valkey: 256 } as const;
/** Of the container that prepares their folders. */
export const folderMemoryMib = 16;

/** What a tenant is given of a shared cell. */
export const sharedCellDemand = {
  memoryMib: engineMemoryMib.postgres + engineMemoryMib.mongo + engineMemoryMib.valkey + folderMemoryMib,
  diskGib: 20,
} as const;

/** What hosts of shared cells tell CloudWatch of each tenant, in MiB, and enterprise-info reads. */
export const tenantUse = {
  ...{ namespace: 'Kolate/Cells', memory: 'TenantMemory', disk: 'TenantDisk' },
  dimension: 'TenantId',
} as const;

const CellHost = Type.Object(
  {
    slot: Type.Integer({ minimum: 1, maximum: 3 }),
    zone: Type.String({ minLength: 1, maxLength: 64 }),
    memoryMib: Type.Integer({ minimum: 1 }),
    diskGib: Type.Integer({ minimum: 1 }),
    tasks: Type.Integer({ minimum: 1 }),
  },
  { ...strict, description: 'a host of a cell, and what tenants may have of it' },
);
export const CellSpec = Type.Object(
  { id: Type.String({ pattern: '^[a-z0-9-]{1,36}$' }), hosts: Type.Array(CellHost, { minItems: 1, maxItems: 3 }) },
  strict,
);
export type CellSpec = Static<typeof CellSpec>;

/** The shared cells of an installation, as infrastructure tells them to who places tenants. */
export const CellSpecs = Type.Array(CellSpec, { maxItems: 160 });
