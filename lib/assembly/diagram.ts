import type { AssembledStack, Assembly } from './assembly';

/** What a reader of the diagram looks for; everything else stays out of it. */
const shown: Readonly<Record<string, string>> = {
  'AWS::ApiGateway::RestApi': 'API Gateway',
  'AWS::Backup::BackupVault': 'backup vault',
  'AWS::CloudFront::Distribution': 'CloudFront',
  'AWS::CloudTrail::Trail': 'CloudTrail',
  'AWS::CloudWatch::Dashboard': 'dashboard',
  'AWS::CodePipeline::Pipeline': 'pipeline',
  'AWS::Cognito::UserPool': 'Cognito user pool',
  'AWS::DocDB::DBCluster': 'DocumentDB',
  'AWS::EC2::NatGateway': 'NAT gateway',
  'AWS::EC2::VPC': 'VPC',
  'AWS::ECR::Repository': 'image repository',
  'AWS::ECS::Cluster': 'ECS cluster',
  'AWS::ECS::Service': 'Fargate service',
  'AWS::ElastiCache::ReplicationGroup': 'Valkey',
  'AWS::ElasticLoadBalancingV2::LoadBalancer': 'load balancer',
  'AWS::Lambda::Function': 'Lambda function',
  'AWS::MSK::Cluster': 'MSK cluster',
  'AWS::MSK::Topic': 'Kafka topic',
  'AWS::OpenSearchService::Domain': 'OpenSearch',
  'AWS::RDS::DBCluster': 'Aurora PostgreSQL',
  'AWS::Route53::HostedZone': 'Route 53 zone',
  'AWS::S3::Bucket': 'S3 bucket',
  'AWS::SNS::Topic': 'SNS topic',
  'AWS::SQS::Queue': 'SQS queue',
  'AWS::Synthetics::Canary': 'canary',
  'AWS::WAFv2::WebACL': 'WAF',
};
/** Every stack tells it about alarms: the arrows would hide all others. */
const everybodys = 'security';

/**
 * The stacks with their main resources, as a Mermaid flowchart. An arrow leads from the stack that is deployed first to
 * the one that uses something of it. Stacks that stand on their own have none.
 */
export function diagramOf({ stacks }: Assembly): string {
  const named = new Map(stacks.map((stack) => [stack.name, stack]));
  const arrows = stacks.flatMap((user) =>
    [...producersOf(user, named)].map((producer) => `  ${idOf(producer)} --> ${idOf(user)}`),
  );
  return ['flowchart LR', ...stacks.flatMap(box), ...new Set(arrows)].join('\n');
}

const plural = (label: string): string => (/[^aeiou]y$/.test(label) ? `${label.slice(0, -1)}ies` : `${label}s`);
const idOf = ({ part }: Pick<AssembledStack, 'part'>): string => part.replaceAll('-', '_');

function box(stack: AssembledStack): string[] {
  const counts = Object.values(stack.template.Resources).reduce((all, { Type }) => {
    const label = shown[Type];
    return label === undefined ? all : all.set(label, (all.get(label) ?? 0) + 1);
  }, new Map<string, number>());
  const lines = [...counts].sort().map(([label, count]) => (count === 1 ? label : `${count} ${plural(label)}`));
  const frame = stack.isProtected ? [`["<b>`, '"]'] : [`("<b>`, '")'];
  return [`  ${idOf(stack)}${frame[0]}${stack.part}</b>${lines.map((line) => `<br/>${line}`).join('')}${frame[1]}`];
}

/** Stacks whose outputs `stack` reads. */
function producersOf(stack: AssembledStack, named: ReadonlyMap<string, AssembledStack>): Set<AssembledStack> {
  const read = new Set<AssembledStack>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [name, child] of Object.entries(value)) {
      if (name === 'Fn::GetStackOutput') {
        const producer = named.get(String((child as { StackName?: unknown }).StackName));
        if (producer && producer !== stack && producer.part !== everybodys) read.add(producer);
      }
      visit(child);
    }
  };
  visit(stack.template.Resources);
  return read;
}

const begin = '<!-- diagram: npm run diagram -->';
const end = '<!-- /diagram -->';

/** `page` with the diagram between its markers. @throws Error when it has none */
export function withDiagram(page: string, assembly: Assembly): string {
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`the page has no ${begin} … ${end}`);
  return `${before}${begin}\n\n\`\`\`mermaid\n${diagramOf(assembly)}\n\`\`\`\n\n${end}${after}`;
}
