import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';

const { InterfaceVpcEndpointAwsService: Aws } = ec2;

/** What tasks and Lambdas call all day, or send secrets to. Each costs by the zone. */
const services: Readonly<Record<string, ec2.InterfaceVpcEndpointAwsService>> = {
  EcrApi: Aws.ECR,
  EcrImages: Aws.ECR_DOCKER,
  Logs: Aws.CLOUDWATCH_LOGS,
  Secrets: Aws.SECRETS_MANAGER,
  Kms: Aws.KMS,
  Sts: Aws.STS,
  Ssm: Aws.SSM,
  SsmMessages: Aws.SSM_MESSAGES,
  Sqs: Aws.SQS,
  CloudFormation: Aws.CLOUDFORMATION,
  Kafka: Aws.KAFKA,
};

/** AWS' services by addresses of the VPC, in the app subnets and for those alone. */
export class InterfaceEndpoints extends Construct {
  constructor(scope: Construct, id: string, vpc: ec2.IVpc) {
    super(scope, id);
    const group = new ec2.SecurityGroup(this, 'Group', {
      vpc,
      allowAllOutbound: false,
      description: 'Interface endpoints of AWS services',
    });
    for (const { ipv4CidrBlock } of vpc.selectSubnets({ subnetGroupName: 'app' }).subnets) {
      group.addIngressRule(ec2.Peer.ipv4(ipv4CidrBlock), ec2.Port.HTTPS, 'Tasks and Lambdas of the app subnets');
    }
    for (const [name, service] of Object.entries(services)) {
      new ec2.InterfaceVpcEndpoint(this, name, {
        vpc,
        service,
        subnets: { subnetGroupName: 'app' },
        securityGroups: [group],
        open: false,
      });
    }
  }
}
