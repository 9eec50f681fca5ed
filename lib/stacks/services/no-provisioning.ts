import type { ServicePlatform } from './service-platform';

/**
 * In place of the provisioning stack where there is none: services run, and a tenant that is asked for fails at the step that
 * makes its stores, since nothing answers at this address.
 */
export const noProvisioning: ServicePlatform['provisioning'] = {
  templateUrl: 'https://provisioning.invalid/tenant.json',
  role: { roleArn: 'arn:aws:iam::111111111111:role/no-provisioning' },
  grantProvision: () => undefined,
};
