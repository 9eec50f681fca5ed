import { CloudWatchClient, GetMetricDataCommand, type MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import { tenantUse } from '../../contracts/cells';
import { KolateError } from '../../contracts/errors';

/** What a tenant's engines have been seen to take of their host. */
export type TenantUse = { readonly memoryMib: number; readonly diskGib: number };

/** The use of those tenants that something is known of. @throws KolateError KLT_DEPENDENCY_UNAVAILABLE */
export type MeasureTenants = (tenantIds: readonly string[]) => Promise<ReadonlyMap<string, TenantUse>>;

export type CloudWatchMeterOptions = {
  readonly client: CloudWatchClient;
  readonly now?: () => number;
};

/** Hosts tell every ten minutes: the most of three times is taken, so that one that was lost is not missed. */
const windowMs = 30 * 60_000;
/** CloudWatch takes 500 queries at once, and a tenant has two. */
const tenantsAtOnce = 250;

export const createCloudWatchClient = (region: string): CloudWatchClient =>
  new CloudWatchClient({
    region,
    maxAttempts: 4,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 20_000, throwOnRequestTimeout: true },
  });

/** Reads what the hosts of shared cells have told of their tenants (lib/constructs/tenants/host-scripts.ts). */
export function createCloudWatchMeter({ client, now = Date.now }: CloudWatchMeterOptions): MeasureTenants {
  const read = async (tenantIds: readonly string[]): Promise<[string, TenantUse][]> => {
    const ends = now();
    const queries = tenantIds.flatMap((tenantId, at) => [
      queryOf(`m${at}`, tenantUse.memory, tenantId),
      queryOf(`d${at}`, tenantUse.disk, tenantId),
    ]);
    // One value each: the answer is one page.
    const { MetricDataResults = [] } = await client.send(
      new GetMetricDataCommand({
        ...{ MetricDataQueries: queries, StartTime: new Date(ends - windowMs), EndTime: new Date(ends) },
      }),
    );
    const most = new Map(
      MetricDataResults.map(({ Id, Values = [] }) => [Id, Values.length ? Math.max(...Values) : -1]),
    );
    return tenantIds.flatMap((tenantId, at): [string, TenantUse][] => {
      const [memoryMib = -1, diskMib = -1] = [most.get(`m${at}`), most.get(`d${at}`)];
      if (memoryMib < 0 || diskMib < 0) return [];
      return [[tenantId, { memoryMib: Math.ceil(memoryMib), diskGib: Math.ceil(diskMib / 1_024) }]];
    });
  };

  return async (tenantIds) => {
    const found: [string, TenantUse][] = [];
    for (let from = 0; from < tenantIds.length; from += tenantsAtOnce) {
      found.push(...(await read(tenantIds.slice(from, from + tenantsAtOnce)).catch(unavailable)));
    }
    return new Map(found);
  };
}

const queryOf = (Id: string, MetricName: string, tenantId: string): MetricDataQuery => ({
  Id,
  MetricStat: {
    Metric: {
      ...{ Namespace: tenantUse.namespace, MetricName },
      Dimensions: [{ Name: tenantUse.dimension, Value: tenantId }],
    },
    ...{ Period: windowMs / 1_000, Stat: 'Maximum' },
  },
});

const unavailable = (cause: unknown): never => {
  throw new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'CloudWatch does not answer', { cause });
};
