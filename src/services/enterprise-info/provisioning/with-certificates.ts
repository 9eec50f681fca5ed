import { tenantMemberHosts } from '../../../contracts/tenant-hosts';
import type { SecretStore } from '../../../platform/secrets/secret-store';
import type { Stack, StackSpec, TenantStackDriver } from '../../../platform/tenancy/tenant-stack-driver';
import { type Certificate, makeCertificate } from '../../../platform/tls/make-certificate';
import { secretNames } from '../secret-names';
import { keepOrMake } from './identity-steps';

type Owner = Pick<StackSpec, 'tenantId' | 'tier'>;

/**
 * Gives each stack a certificate of its own before it is made, as a secret that its stores read, and hands it out with
 * the endpoints: whoever comes in believes no other.
 */
export function withCertificates(driver: TenantStackDriver, secrets: SecretStore): TenantStackDriver {
  const certificateOf = async ({ tenantId, tier }: Owner): Promise<string> => {
    const make = async (): Promise<string> => JSON.stringify(await makeCertificate(tenantMemberHosts(tenantId, 3)));
    const { certificate }: Certificate = JSON.parse(await keepOrMake(secrets, secretNames.tls(tenantId, tier), make));
    return certificate;
  };
  const handOut = async (stack: Stack): Promise<Stack> => ({
    ...stack,
    endpoints: { ...stack.endpoints, certificate: await certificateOf(stack) },
  });
  return {
    async apply(spec, signal) {
      await certificateOf(spec);
      return handOut(await driver.apply(spec, signal));
    },
    async describe(name) {
      const stack = await driver.describe(name);
      return stack && handOut(stack);
    },
    destroy: driver.destroy,
  };
}
