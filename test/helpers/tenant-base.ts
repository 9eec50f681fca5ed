import { parameterPath, type SharedName, sharedParameters } from '../../lib/constructs/tenants/tenant-parameters';
import type { CloudFormationEmulator } from './cloudformation-emulator';

/** What tenants' stacks stand on, as far as the emulator looks for it. */
const base = {
  Resources: {
    Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.0.0.0/16' } },
    Cluster: { Type: 'AWS::ECS::Cluster' },
    Names: {
      Type: 'AWS::ServiceDiscovery::PrivateDnsNamespace',
      Properties: { Name: 'tenants.test', Vpc: { Ref: 'Vpc' } },
    },
  },
  Outputs: {
    vpc: { Value: { Ref: 'Vpc' } },
    cluster: { Value: { Ref: 'Cluster' } },
    namespace: { Value: { 'Fn::GetAtt': ['Names', 'Id'] } },
  },
};

/** Makes it, and writes down what the template of the environment `test` reads of the platform. */
export async function deployTenantBase(emulator: CloudFormationEmulator): Promise<void> {
  const shared: Readonly<Record<string, string>> = await emulator.deploy('base', base);
  for (const name of Object.keys(sharedParameters) as SharedName[]) {
    await emulator.setParameter(parameterPath('test', name), shared[name] ?? `${name}-of-the-test`);
  }
}
