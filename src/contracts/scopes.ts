/** What a token may do. Operators run the platform; a tenant's clients act within their own tenant. */
export const operatorScopes = ['tenants:read', 'tenants:write', 'operations:read', 'operations:write'] as const;
export const tenantScopes = [
  'tenants:read',
  'models:read',
  'models:write',
  'predictions:read',
  'predictions:write',
] as const;

export type Scope = (typeof operatorScopes)[number] | (typeof tenantScopes)[number];
export const allScopes: readonly Scope[] = [...new Set<Scope>([...operatorScopes, ...tenantScopes])];

export const roles = ['operator', 'tenant-admin', 'tenant-service'] as const;
export type Role = (typeof roles)[number];

/** The resource that access tokens are for: their `aud`. */
export const apiAudience = 'https://api.kolate';

/** How Cognito writes a scope of ours: after the resource server that it belongs to. */
export const cognitoScope = (scope: Scope): string => `${apiAudience}/${scope}`;

/** What is left of a verified token. `tenantId` is absent for operators. */
export type Identity = {
  readonly subject: string;
  readonly tenantId: string | undefined;
  /** Tier of the tenant when the token was made; its limits go by it. */
  readonly tier: string | undefined;
  readonly scopes: ReadonlySet<string>;
  readonly roles: readonly string[];
  /** Unix seconds. */
  readonly expiresAt: number;
};
