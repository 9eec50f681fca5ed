/**
 * Of the template that tenants' stacks are made from. Each version that was ever published stays in its bucket, so what
 * has changed gets another number: `npm run tenant-template` raises it, and a test fails where nobody has.
 */
export const tenantTemplateVersion = 1;
