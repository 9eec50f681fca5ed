import {
  GetBootstrapBrokersCommand,
  type GetBootstrapBrokersResponse,
  KafkaClient,
  type KafkaClientConfig,
} from '@aws-sdk/client-kafka';
import { KolateError } from '../../contracts/errors';
import { mskToken } from '../aws/iam-tokens';

export type BrokerEnv = {
  readonly KOLATE_KAFKA_BROKERS?: string;
  readonly KOLATE_KAFKA_CLUSTER_ARN?: string;
};

export type Brokers = {
  readonly brokers: string[];
  readonly tls: boolean;
  /** Answers what to sign in with; absent where the brokers ask for nothing. */
  readonly token?: () => Promise<string>;
};

const listOf = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');

/**
 * The brokers that the environment names, else those that MSK names for the cluster (`GetBootstrapBrokers`): where one
 * signs in with IAM before those that ask for nothing, and with TLS in any case.
 * @param aws region, endpoint or handler of the SDK's client, where the defaults will not do
 * @throws KolateError KLT_CONFIG_INVALID when neither variable is there or the cluster has no listener with TLS,
 * KLT_DEPENDENCY_UNAVAILABLE when MSK does not answer
 */
export async function resolveBrokers(env: BrokerEnv, aws: KafkaClientConfig = {}): Promise<Brokers> {
  const named = listOf(env.KOLATE_KAFKA_BROKERS);
  if (named.length > 0) return { brokers: named, tls: false };
  const arn = env.KOLATE_KAFKA_CLUSTER_ARN;
  if (!arn) {
    throw new KolateError('KLT_CONFIG_INVALID', 'neither KOLATE_KAFKA_BROKERS nor KOLATE_KAFKA_CLUSTER_ARN is set');
  }
  const region = regionOf(arn);
  const client = new KafkaClient({ region, maxAttempts: 3, ...aws });
  const answer = await askMsk(client, arn);
  const withIam = listOf(answer.BootstrapBrokerStringSaslIam);
  if (withIam.length > 0) {
    const { credentials } = client.config;
    return { brokers: withIam, tls: true, token: () => mskToken(region, { credentials }) };
  }
  const overTls = listOf(answer.BootstrapBrokerStringTls);
  if (overTls.length > 0) return { brokers: overTls, tls: true };
  throw new KolateError('KLT_CONFIG_INVALID', `the cluster ${arn} has no listener with IAM or TLS`);
}

async function askMsk(client: KafkaClient, arn: string): Promise<GetBootstrapBrokersResponse> {
  try {
    return await client.send(new GetBootstrapBrokersCommand({ ClusterArn: arn }));
  } catch (error) {
    throw new KolateError('KLT_DEPENDENCY_UNAVAILABLE', `MSK does not name the brokers of ${arn}`, { cause: error });
  } finally {
    client.destroy();
  }
}

/** arn:partition:kafka:region:account:cluster/… */
function regionOf(arn: string): string {
  const [, , , region] = arn.split(':');
  if (region) return region;
  throw new KolateError('KLT_CONFIG_INVALID', 'KOLATE_KAFKA_CLUSTER_ARN is not the ARN of a cluster');
}
