/**
 * By which the directory knows a tenant's OAuth client: readable, and never the one of an earlier tenant with the same
 * slug. What the tenant asks for tokens with is the row's `client_id`, which the directory may have drawn by itself.
 */
export const clientName = ({ id, slug }: { readonly id: string; readonly slug: string }): string =>
  `${slug}-${id.slice(0, 8)}`;
