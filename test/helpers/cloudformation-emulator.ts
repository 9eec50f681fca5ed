import { type CloudFormationClient, CreateStackCommand, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { createCloudFormationClient } from '../../src/platform/tenancy/cloudformation/cloudformation-client';
import { aws, startMiniStack } from './ministack';
import type { Python } from './python';
import { until } from './until';

const bucket = 'kolate-templates';
export type CloudFormationEmulator = {
  readonly client: CloudFormationClient;
  readonly endpoint: string;
  /** Puts a template where a stack can be made of it; answers its URL. */
  publish(name: string, template: object): Promise<string>;
  /** Makes a stack and answers its outputs. */
  deploy(name: string, template: object): Promise<Readonly<Record<string, string>>>;
  /** As the platform writes down what templates read. */
  setParameter(name: string, value: string): Promise<void>;
  close(): Promise<void>;
};

/** MiniStack: a real CloudFormation engine (stacks, change sets, rollback), on loopback alone and with no container engine. */
export async function startCloudFormationEmulator(python: Python): Promise<CloudFormationEmulator> {
  const { endpoint, close } = await startMiniStack(python);
  const s3 = new S3Client({ ...aws, endpoint, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  const ssm = new SSMClient({ ...aws, endpoint });
  const client = createCloudFormationClient({ ...aws, endpoint });
  return {
    client,
    endpoint,
    async publish(name, template) {
      const Body = JSON.stringify(template);
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: name, Body }));
      return `${endpoint}/${bucket}/${name}`;
    },
    async deploy(StackName, template) {
      await client.send(new CreateStackCommand({ StackName, TemplateBody: JSON.stringify(template) }));
      const done = await until(async () => {
        const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName }));
        return Stacks[0]?.StackStatus?.endsWith('_COMPLETE') ? Stacks[0] : undefined;
      });
      if (done.StackStatus !== 'CREATE_COMPLETE') throw new Error(`${StackName}: ${done.StackStatus}`);
      return Object.fromEntries(
        (done.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
      );
    },
    async setParameter(Name, Value) {
      await ssm.send(new PutParameterCommand({ Name, Value, Type: 'String', Overwrite: true }));
    },
    async close() {
      client.destroy();
      s3.destroy();
      ssm.destroy();
      await close();
    },
  };
}
