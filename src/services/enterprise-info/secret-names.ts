/** Names by which the secret store knows what belongs to a tenant. */
export const secretNames = {
  /** The OAuth client's secret, until it has been shown. */
  client: (tenantId: string): string => `tenant/${tenantId}/client`,
  /** Passwords of the stores in a tier: while a tenant moves it has two. */
  stores: (tenantId: string, tier: string): string => `tenant/${tenantId}/${tier}/stores`,
  /** What its stores show over TLS: `{ certificate, key }`. */
  tls: (tenantId: string, tier: string): string => `tenant/${tenantId}/${tier}/tls`,
};
