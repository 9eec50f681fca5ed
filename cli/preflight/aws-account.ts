import { ECSClient, ListAccountSettingsCommand } from '@aws-sdk/client-ecs';
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { GetHostedZoneCommand, Route53Client } from '@aws-sdk/client-route-53';
import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { awsUnreachable } from '../cli-error';
import type { AwsAccount } from './aws-checks';

const maxAttempts = 5;
const missing = new Set(['ParameterNotFound', 'NoSuchHostedZone', 'NoSuchResourceException', 'NoSuchEntityException']);

/** The account that the caller's credentials are of. @throws CliError unavailable when AWS does not answer */
export function createAwsAccount(region: string): AwsAccount {
  const quotas = new ServiceQuotasClient({ region, maxAttempts });
  const caller = () => {
    const sts = new STSClient({ region, maxAttempts });
    return asking(() => sts.send(new GetCallerIdentityCommand({})));
  };
  return {
    account: async () => (await caller())?.Account ?? '',
    async bootstrapVersion(where) {
      const ssm = new SSMClient({ region: where, maxAttempts });
      const Name = '/cdk-bootstrap/hnb659fds/version';
      const value = (await asking(() => ssm.send(new GetParameterCommand({ Name }))))?.Parameter?.Value;
      return value === undefined ? undefined : Number(value);
    },
    async zoneName(Id) {
      const route53 = new Route53Client({ region, maxAttempts });
      return (await asking(() => route53.send(new GetHostedZoneCommand({ Id }))))?.HostedZone?.Name;
    },
    async quota(ServiceCode, QuotaCode) {
      const wanted = { ServiceCode, QuotaCode };
      // The account's own value is there only once it differs from everybody's.
      const own = await asking(() => quotas.send(new GetServiceQuotaCommand(wanted)));
      const found = own ?? (await asking(() => quotas.send(new GetAWSDefaultServiceQuotaCommand(wanted))));
      return found?.Quota?.Value;
    },
    async hasRole(RoleName) {
      const iam = new IAMClient({ region, maxAttempts });
      return (await asking(() => iam.send(new GetRoleCommand({ RoleName })))) !== undefined;
    },
    async ecsSetting(name) {
      const ecs = new ECSClient({ region, maxAttempts });
      const { Arn = '', Account } = (await caller()) ?? {};
      // The root's is everybody's; the caller's own would tell of the caller alone.
      const principalArn = `arn:${Arn.split(':')[1]}:iam::${Account}:root`;
      const command = new ListAccountSettingsCommand({ name, principalArn, effectiveSettings: true });
      return (await asking(() => ecs.send(command)))?.settings?.[0]?.value;
    },
  };
}

async function asking<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
    if (missing.has(name)) return undefined;
    throw awsUnreachable(message, error);
  }
}
