/** Every saga that core runs; operations have their kind of it, and metrics are by it. */
export const sagaNames = ['tenant-onboarding', 'tenant-offboarding', 'tenant-tier-change'] as const;
