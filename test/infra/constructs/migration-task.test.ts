import { Match, Template } from 'aws-cdk-lib/assertions';
import { prod } from '../../../lib/config/prod';
import { createApp } from '../../../lib/platform-app';
import { CoreDataStack } from '../../../lib/stacks/core-data-stack';
import { MigrationsStack } from '../../../lib/stacks/migrations-stack';
import { NetworkStack } from '../../../lib/stacks/network-stack';
import { SecurityStack } from '../../../lib/stacks/security-stack';

const environment = prod;
const app = createApp({ analyticsReporting: false, builtinCloudFormationValidation: false });
const { alarmTopic, permissionsBoundary } = new SecurityStack(app, { environment });
const { vpc } = new NetworkStack(app, { environment, alarmTopic });
const data = new CoreDataStack(app, { environment, vpc, alarmTopic });
const { postgres } = data;
const stack = new MigrationsStack(app, { environment, vpc, alarmTopic, permissionsBoundary, postgres });
const template = Template.fromStack(stack);

const [run] = Object.values(template.findResources('Custom::Migrations'));

describe('the migrations of a deployment', () => {
  it('run anew whenever their task is another one', () => {
    expect(run?.Properties).toMatchObject({
      TaskDefinition: { Ref: expect.stringMatching(/^MigrationsDefinition/) },
      Cluster: { Ref: expect.stringMatching(/^MigrationsCluster/) },
      Container: 'app',
      ServiceTimeout: '960',
    });
  });

  it('wait for the policies and rules without which the task does not get far', () => {
    const needed = ['ExecutionRoleDefaultPolicy', 'GrouptokolateprodcoredataPostgres', 'RunnerRoleDefaultPolicy'];
    for (const part of needed) expect(run?.DependsOn).toContainEqual(expect.stringContaining(part));
  });

  it('come in as the administrator, with a password that is in no template', () => {
    template.hasResourceProperties('AWS::ECS::TaskDefinition', {
      ContainerDefinitions: [
        Match.objectLike({
          Environment: Match.arrayWith([{ Name: 'KOLATE_POSTGRES_CA', Value: '/app/aws-database-authorities.pem' }]),
          Secrets: [
            {
              Name: 'KOLATE_POSTGRES_PASSWORD',
              ValueFrom: { 'Fn::Join': ['', [Match.anyValue(), ':password::']] },
            },
          ],
        }),
      ],
    });
  });

  it('run as nobody, on a root that cannot be written to', () => {
    template.hasResourceProperties('AWS::ECS::TaskDefinition', {
      ContainerDefinitions: [Match.objectLike({ ReadonlyRootFilesystem: true, User: '10001:10001' })],
      RuntimePlatform: { CpuArchitecture: 'ARM64' },
    });
  });

  it('reach the database and AWS, and nothing else', () => {
    const group = Object.values(template.findResources('AWS::EC2::SecurityGroup')).find(
      ({ Properties }) => Properties.GroupDescription === 'Migrations of the core database',
    );
    expect(group?.Properties.SecurityGroupEgress).toMatchObject([{ FromPort: 443, ToPort: 443 }]);
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', { FromPort: 5433, ToPort: 5433 });
    expect(data.dependencies).not.toContain(stack);
  });

  it('are run by a function that may start this one task, as its two roles', () => {
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: 'ecs:RunTask',
            Resource: { Ref: Match.stringLikeRegexp('^MigrationsDefinition') },
          }),
          Match.objectLike({ Action: ['ecs:DescribeTasks', 'ecs:StopTask'] }),
        ]),
      },
    });
  });
});
