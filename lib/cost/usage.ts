/** What templates do not say: how much the platform is used in a month. */
export type Usage = {
  /** API requests, in millions. */
  readonly millionRequests: number;
  /** To the internet through CloudFront, in GB. */
  readonly outGb: number;
  /** Written to Kafka, in GB. */
  readonly kafkaInGb: number;
  /** Of each express cluster, in GB; standard brokers have the disks that their template says. */
  readonly kafkaStoredGb: number;
  /** Through all NAT gateways, in GB. */
  readonly natGb: number;
  readonly logsGb: number;
  /** In all buckets, in GB. */
  readonly objectsGb: number;
  /** In each database cluster, in GB. */
  readonly databaseGb: number;
  /** Of each database cluster, in millions. */
  readonly millionIos: number;
  /** Backups beyond what databases keep for nothing, in GB. */
  readonly backupGb: number;
  /** How far tasks and database capacity are from their least (0) to their most (1), on average. */
  readonly load: number;
  /** Hours of the month in which a database that may pause does not. */
  readonly awakeHours: number;
  readonly users: number;
  /** Minutes of builds and of pipelines. */
  readonly buildMinutes: number;
  /** Configuration items that AWS Config records. */
  readonly configItems: number;
  /** Of contracts/metrics, each combination of labels. */
  readonly publishedMetrics: number;
};

const small: Usage = {
  ...{ millionRequests: 1, outGb: 10, kafkaInGb: 5, kafkaStoredGb: 10, natGb: 20, logsGb: 5, objectsGb: 20 },
  ...{
    databaseGb: 5,
    millionIos: 5,
    backupGb: 20,
    load: 0,
    awakeHours: 160,
    users: 20,
    buildMinutes: 300,
    configItems: 0,
    publishedMetrics: 30,
  },
};
const busy: Usage = {
  ...{
    millionRequests: 100,
    outGb: 500,
    kafkaInGb: 2_600,
    kafkaStoredGb: 600,
    natGb: 500,
    logsGb: 300,
    objectsGb: 2_000,
  },
  ...{
    databaseGb: 200,
    millionIos: 400,
    backupGb: 1_000,
    load: 0.1,
    awakeHours: 730,
    users: 500,
    buildMinutes: 1_500,
    configItems: 3_000,
    publishedMetrics: 30,
  },
};
const idle: Usage = {
  ...busy,
  ...{ millionRequests: 1, outGb: 5, natGb: 50, logsGb: 30, millionIos: 50, load: 0, users: 0, buildMinutes: 0 },
};

/** By environment; one that is not listed is used as dev is. */
export const usageOf = (environment: string): Usage =>
  environment === 'prod' ? busy : environment === 'prod-standby' ? idle : small;
