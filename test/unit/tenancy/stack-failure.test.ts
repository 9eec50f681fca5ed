import type { StackEvent } from '@aws-sdk/client-cloudformation';
import { culpritOf, failureOf } from '../../../src/platform/tenancy/cloudformation/stack-failure';

/** As CloudFormation and the services behind it say it. */
const words: readonly (readonly [what: string, words: string, code: string, hint: string])[] = [
  [
    'a parameter below its range',
    "Parameter 'VolumeGib' must be a number not less than 10",
    'KLT_STACK_PARAMETER_INVALID',
    'range',
  ],
  [
    'a parameter that does not fit its pattern',
    'Parameter TenantId failed to satisfy constraint: must match pattern ^[0-9a-f-]{36}$',
    'KLT_STACK_PARAMETER_INVALID',
    'range',
  ],
  [
    'a parameter that the template does not have',
    'Parameters: [Members] do not exist in the template',
    'KLT_STACK_PARAMETER_INVALID',
    'range',
  ],
  ['stacks up to the quota', 'Limit for stack has been exceeded', 'KLT_QUOTA_REACHED', 'quota'],
  [
    'a quota of a service behind it',
    'You have requested more vCPU capacity than your current vCPU limit of 32 allows. (Service: Ec2, Status Code: 400, Error Code: VcpuLimitExceeded)',
    'KLT_QUOTA_REACHED',
    'quota',
  ],
  [
    'a permission that the caller lacks',
    'User: arn:aws:sts::111111111111:assumed-role/info/task is not authorized to perform: cloudformation:CreateStack',
    'KLT_PERMISSION_MISSING',
    'role',
  ],
  [
    'a permission that the provisioning role lacks',
    'Volume (AWS::EC2::Volume): Resource handler returned message: "You are not authorized to perform this operation." (HandlerErrorCode: AccessDenied)',
    'KLT_PERMISSION_MISSING',
    'role',
  ],
  [
    'a host without room',
    'Service (AWS::ECS::Service): service kolate-tenant-1 was unable to place a task because no container instance met all of its requirements.',
    'KLT_CELL_EXHAUSTED',
    'cell',
  ],
  [
    'a stack that somebody else is at',
    'Stack:arn:aws:cloudformation:us-east-1:111111111111:stack/kolate-tenant-1/a is in UPDATE_IN_PROGRESS state and can not be updated.',
    'KLT_STACK_STATE',
    'retry',
  ],
  [
    'a stack that is protected',
    'Stack [kolate-tenant-1] cannot be deleted while TerminationProtection is enabled',
    'KLT_STACK_STATE',
    'protection',
  ],
  ['whatever else', 'Log (AWS::Logs::LogGroup): Internal failure', 'KLT_PROVISION_FAILED', 'retry'],
];

describe('what CloudFormation said', () => {
  it.each(words)('is kept and gets its code and a hint: %s', (_what, said, code, hint) => {
    expect(failureOf(said)).toMatchObject({ code, detail: said, options: { hint: expect.stringContaining(hint) } });
  });
});

describe('the culprit of a failed stack', () => {
  const event = (id: string, status: string, reason?: string, type = 'AWS::EC2::Volume'): StackEvent => ({
    ...{ StackId: 's', EventId: id, StackName: 'kolate-tenant-1', Timestamp: new Date(0), LogicalResourceId: id },
    ...{ ResourceType: type, ResourceStatus: status as StackEvent['ResourceStatus'], ResourceStatusReason: reason },
  });

  it('is what failed first, not what was taken down with it', () => {
    const newestFirst = [
      event('kolate-tenant-1', 'ROLLBACK_IN_PROGRESS', 'failed to create: [Volume, Key]', 'AWS::CloudFormation::Stack'),
      event('Key', 'CREATE_FAILED', 'Resource creation cancelled', 'AWS::KMS::Key'),
      event('Later', 'CREATE_FAILED', 'a failure that came second'),
      event('Volume', 'CREATE_FAILED', 'no such zone'),
      event('Log', 'CREATE_COMPLETE'),
    ];
    expect(culpritOf(newestFirst)).toBe('Volume (AWS::EC2::Volume): no such zone');
  });

  it('is nobody where no resource failed', () => {
    expect(culpritOf([event('Log', 'CREATE_COMPLETE')])).toBeUndefined();
  });
});
