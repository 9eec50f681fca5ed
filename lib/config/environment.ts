import { type Static, type TSchema, Type } from '@sinclair/typebox';
import type { Route, ServiceName } from '../../src/contracts/http/route';
import type { TierName } from '../../src/contracts/http/tenants';
import { type Fixed, maybe, settings } from './settings';
import { SharedCell } from './shared-cell';

/** What one kind of task gets. CPU in units of 1/1024 of a core, in a pair with memory that Fargate has. */
const ServiceSize = settings({
  cpu: Type.Number(),
  memoryMib: Type.Number(),
  minTasks: Type.Number(),
  maxTasks: Type.Number(),
  /** Share of the tasks beyond `minTasks` that may run on Spot capacity, 0 to 1. */
  spotShare: Type.Number(),
});
export type ServiceSize = Fixed<Static<typeof ServiceSize>>;

/** A token bucket of API Gateway. */
const Rate = settings({ ratePerSecond: Type.Number(), burst: Type.Number() });
export type Rate = Fixed<Static<typeof Rate>>;

const services = {
  'enterprise-info': ServiceSize,
  core: ServiceSize,
  predict: ServiceSize,
  'predict-registry': ServiceSize,
} satisfies Record<ServiceName, TSchema>;
const throttling = { control: Rate, inference: Rate, none: Rate } satisfies Record<Route['throttle'], TSchema>;
const tenantsAtFullRate = {
  pool: Type.Number(),
  'shared-cell': Type.Number(),
  dedicated: Type.Number(),
} satisfies Record<TierName, TSchema>;

/**
 * Everything that differs between deployments, of which kind it is; what values it may have: check-environment.ts. A new
 * knob is a new required property: every environment has to answer it.
 */
export const Environment = settings({
  name: Type.String(),
  /** Twelve digits; absent while nobody has filled it in, and then only synthesis works. */
  account: maybe(Type.String()),
  region: Type.String(),
  /** The same platform in a second region: who is its primary, and who stands by. */
  peer: maybe(
    settings({
      /** The environment's name there. */
      name: Type.String(),
      region: Type.String(),
      role: Type.Union([Type.Literal('primary'), Type.Literal('standby')]),
    }),
  ),
  domain: settings({
    /** The platform answers below it: api.<name>, console.<name>, grpc.<name>. */
    name: Type.String(),
    /** A zone that exists; absent: the edge stack makes one, to be delegated to. */
    hostedZoneId: maybe(Type.String()),
  }),
  logDays: Type.Union([Type.Literal(7), Type.Literal(30), Type.Literal(90), Type.Literal(365)]),
  /** Whom alarms are mailed to. */
  alarmEmails: Type.Array(Type.String()),
  network: settings({
    cidr: Type.String(),
    /** Zones of the region, by their letter. */
    zones: Type.Array(Type.String()),
    natGateways: Type.Number(),
    /** Interface endpoints keep calls of AWS' services inside the VPC, at about 7 USD a month, service and zone. */
    interfaceEndpoints: Type.Boolean(),
  }),
  /** What an account, or a region of it, has once: on in one of the environments that share it. */
  security: settings({
    /** Of the account, in all regions. */
    cloudTrail: Type.Boolean(),
    awsConfig: Type.Boolean(),
    /** The registry scans and signs every image. */
    imageRules: Type.Boolean(),
  }),
  edge: settings({
    /** IPv4 blocks. Empty: everybody may come. */
    allowedCidrs: Type.Array(Type.String()),
    deniedCidrs: Type.Array(Type.String()),
    /** Of one address; more are refused for a while. */
    requestsPerFiveMinutes: Type.Number(),
    /** What CloudFront shows to API Gateway, in ACM of us-east-1 (scripts/edge-mtls.ts); absent until it was made. */
    originCertificateArn: maybe(Type.String()),
    /** What the API takes of one route from everybody together, by the route's class. */
    throttling: settings(throttling),
    /** How many tenants of a tier may use its whole rate at the same time before the others of that tier feel it. */
    tenantsAtFullRate: settings(tenantsAtFullRate),
    /** With a peer: `failover` while one region has the data, `latency` where both may answer. */
    routing: Type.Union([Type.Literal('failover'), Type.Literal('latency')]),
  }),
  identity: settings({ mfa: Type.Union([Type.Literal('required'), Type.Literal('optional')]) }),
  messaging: settings({
    /** `express`: KRaft, three zones, storage without a size. `standard`: small brokers with a disk each. */
    brokers: Type.Union([Type.Literal('express'), Type.Literal('standard')]),
    instanceType: Type.String(),
    brokerCount: Type.Number(),
    /** Of each standard broker; absent with express ones. */
    diskGib: maybe(Type.Number()),
  }),
  coreData: settings({
    backupDays: Type.Number(),
    postgres: settings({
      /** Aurora capacity units; 0 pauses an idle database. */
      minAcu: Type.Number(),
      maxAcu: Type.Number(),
      readers: Type.Number(),
    }),
    documents: settings({ instanceType: Type.String(), instances: Type.Number() }),
    cache: settings({ nodeType: Type.String(), replicas: Type.Number() }),
  }),
  /** Sizes of the search domain, where `features.search` is on. */
  search: settings({
    /** Of the nodes that hold data, as in r7g.large.search. */
    instanceType: Type.String(),
    /** One, without a copy of anything, or as many in each zone. */
    nodes: Type.Number(),
    /** Of each node. */
    diskGib: Type.Number(),
    /** Three nodes of it do nothing but lead; absent: those with data lead as well. */
    masterType: maybe(Type.String()),
  }),
  storage: settings({
    /** Exports and access logs are deleted after so many days. */
    exportDays: Type.Number(),
    /** Inputs and outputs of batch predictions are deleted after so many days. */
    batchDays: Type.Number(),
    accessLogDays: Type.Number(),
    /** Superseded versions of model files are deleted after so many days. */
    oldModelVersionDays: Type.Number(),
    /** Objects are copied to the peer's region. */
    replicate: Type.Boolean(),
  }),
  services: settings(services),
  /** Hosts for tenants of the tier `shared-cell`; how one is opened and closed: docs/capacity.md. */
  sharedCells: Type.Array(SharedCell),
  observability: settings({
    /** Does the main job so often, as a tenant of its own with its own stack (`npm run cost` says what it costs a month); absent: never. */
    mainJobEveryMinutes: maybe(Type.Number()),
  }),
  backup: settings({
    days: Type.Number(),
    /** Nobody may shorten or delete backups for so many days once the lock is set; absent: no lock. */
    lockDays: maybe(Type.Number()),
    /** Copied to the peer's region. */
    copyToPeer: Type.Boolean(),
    /** The latest backup of each store is restored once a week, and deleted. */
    restoreTests: Type.Boolean(),
  }),
  /** Pipeline from a repository; absent: deployed by hand. One deploys all environments of an account. */
  delivery: maybe(settings({ connectionArn: Type.String(), repository: Type.String(), branch: Type.String() })),
  features: settings({
    /** TLS between services by a private certificate authority (50 USD a month). */
    privateCa: Type.Boolean(),
    /** An OpenSearch domain, which no service uses yet. */
    search: Type.Boolean(),
    /** Metrics of single tasks and containers in CloudWatch, paid by the piece: about 10 USD a service and month. */
    containerInsights: Type.Boolean(),
    /** Spans of services in X-Ray, by a collector beside each (5 USD a million traces; 128 MiB of each task). */
    traces: Type.Boolean(),
  }),
});
export type Environment = Fixed<Static<typeof Environment>>;
