import { type Static, Type } from '@sinclair/typebox';

/** Of the Lambda that rotates the passwords of tenants' stores: which stores, it knows by the name of the secret. */
export const RotateTenantStoresEnv = Type.Object({});
export type RotateTenantStoresEnv = Static<typeof RotateTenantStoresEnv>;
