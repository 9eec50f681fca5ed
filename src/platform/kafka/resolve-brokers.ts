import {
  GetBootstrapBrokersCommand,
  type GetBootstrapBrokersResponse,
  KafkaClient,
  type KafkaClientConfig,
} from '@aws-sdk/client-kafka';
import { KolateError } from '../../contracts/errors';

export type BrokerEnv = {
  readonly KOLATE_KAFKA_BROKERS?: string;
  readonly KOLATE_KAFKA_CLUSTER_ARN?: string;
};

export type Brokers = { readonly brokers: string[]; readonly tls: boolean };

const listOf = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');

/**
 * The brokers that the environment names, else those that MSK names for the cluster (`GetBootstrapBrokers`): TLS ones
 * before plain ones.
 * @param aws region, endpoint or handler of the SDK's client, where the defaults will not do
 * @throws KolateError KLT_CONFIG_INVALID when neither variable is there or the cluster has no listener that we can use,
 * KLT_DEPENDENCY_UNAVAILABLE when MSK does not answer
 */
export async function resolveBrokers(env: BrokerEnv, aws: KafkaClientConfig = {}): Promise<Brokers> {
  const named = listOf(env.KOLATE_KAFKA_BROKERS);
  if (named.length > 0) return { brokers: named, tls: false };
  const arn = env.KOLATE_KAFKA_CLUSTER_ARN;
  if (!arn) {
    throw new KolateError('KLT_CONFIG_INVALID', 'neither KOLATE_KAFKA_BROKERS nor KOLATE_KAFKA_CLUSTER_ARN is set');
  }
  const answer = await askMsk(arn, { region: regionOf(arn), maxAttempts: 3, ...aws });
  const overTls = listOf(answer.BootstrapBrokerStringTls);
  if (overTls.length > 0) return { brokers: overTls, tls: true };
  const plain = listOf(answer.BootstrapBrokerString);
  if (plain.length > 0) return { brokers: plain, tls: false };
  throw new KolateError('KLT_CONFIG_INVALID', `the cluster ${arn} has neither a TLS nor a plaintext listener`);
}

async function askMsk(arn: string, config: KafkaClientConfig): Promise<GetBootstrapBrokersResponse> {
  const client = new KafkaClient(config);
  try {
    return await client.send(new GetBootstrapBrokersCommand({ ClusterArn: arn }));
  } catch (error) {
    throw new KolateError('KLT_DEPENDENCY_UNAVAILABLE', `MSK does not name the brokers of ${arn}`, { cause: error });
  } finally {
    client.destroy();
  }
}

/** arn:partition:kafka:region:account:cluster/… */
const regionOf = (arn: string): string | undefined => arn.split(':')[3] || undefined;
