import type { Route, ServiceName } from '../../src/contracts/http/route';
import type { TierName } from '../../src/contracts/http/tenants';
import type { SharedCell } from './shared-cell';

/** What one kind of task gets. CPU in units of 1/1024 of a core, in a pair with memory that Fargate has. */
export type ServiceSize = {
  readonly cpu: number;
  readonly memoryMib: number;
  readonly minTasks: number;
  readonly maxTasks: number;
  /** Share of the tasks beyond `minTasks` that may run on Spot capacity, 0 to 1. */
  readonly spotShare: number;
};

/** A token bucket of API Gateway. */
export type Rate = { readonly ratePerSecond: number; readonly burst: number };

/** Everything that differs between deployments. A new knob is a new required property: every environment has to answer it. */
export type Environment = {
  readonly name: string;
  /** Twelve digits; absent while nobody has filled it in, and then only synthesis works. */
  readonly account: string | undefined;
  readonly region: string;
  /** The same platform in a second region: who is its primary, and who stands by. */
  readonly peer:
    | {
        /** The environment's name there. */
        readonly name: string;
        readonly region: string;
        readonly role: 'primary' | 'standby';
      }
    | undefined;
  readonly domain: {
    /** The platform answers below it: api.<name>, console.<name>, grpc.<name>. */
    readonly name: string;
    /** A zone that exists; absent: the edge stack makes one, to be delegated to. */
    readonly hostedZoneId: string | undefined;
  };
  readonly logDays: 7 | 30 | 90 | 365;
  /** Whom alarms are mailed to. */
  readonly alarmEmails: readonly string[];
  readonly network: {
    readonly cidr: string;
    /** Zones of the region, by their letter. */
    readonly zones: readonly string[];
    readonly natGateways: number;
    /** Interface endpoints keep calls of AWS' services inside the VPC, at about 7 USD a month, service and zone. */
    readonly interfaceEndpoints: boolean;
  };
  /** What an account, or a region of it, has once: on in one of the environments that share it. */
  readonly security: {
    /** Of the account, in all regions. */
    readonly cloudTrail: boolean;
    readonly awsConfig: boolean;
    /** The registry scans and signs every image. */
    readonly imageRules: boolean;
  };
  readonly edge: {
    /** IPv4 blocks. Empty: everybody may come. */
    readonly allowedCidrs: readonly string[];
    readonly deniedCidrs: readonly string[];
    /** Of one address; more are refused for a while. */
    readonly requestsPerFiveMinutes: number;
    /** What CloudFront shows to API Gateway, in ACM of us-east-1 (scripts/edge-mtls.ts); absent until it was made. */
    readonly originCertificateArn: string | undefined;
    /** What the API takes of one route from everybody together, by the route's class. */
    readonly throttling: Readonly<Record<Route['throttle'], Rate>>;
    /** How many tenants of a tier may use its whole rate at the same time before the others of that tier feel it. */
    readonly tenantsAtFullRate: Readonly<Record<TierName, number>>;
    /** With a peer: `failover` while one region has the data, `latency` where both may answer. */
    readonly routing: 'failover' | 'latency';
  };
  readonly identity: { readonly mfa: 'required' | 'optional' };
  readonly messaging: {
    /** `express`: KRaft, three zones, storage without a size. `standard`: small brokers with a disk each. */
    readonly brokers: 'express' | 'standard';
    readonly instanceType: string;
    readonly brokerCount: number;
    /** Of each standard broker; absent with express ones. */
    readonly diskGib: number | undefined;
  };
  readonly coreData: {
    readonly backupDays: number;
    readonly postgres: {
      /** Aurora capacity units; 0 pauses an idle database. */
      readonly minAcu: number;
      readonly maxAcu: number;
      readonly readers: number;
    };
    readonly documents: { readonly instanceType: string; readonly instances: number };
    readonly cache: { readonly nodeType: string; readonly replicas: number };
  };
  /** Sizes of the search domain, where `features.search` is on. */
  readonly search: {
    /** Of the nodes that hold data, as in r7g.large.search. */
    readonly instanceType: string;
    /** One, without a copy of anything, or as many in each zone. */
    readonly nodes: number;
    /** Of each node. */
    readonly diskGib: number;
    /** Three nodes of it do nothing but lead; absent: those with data lead as well. */
    readonly masterType: string | undefined;
  };
  readonly storage: {
    /** Exports and access logs are deleted after so many days. */
    readonly exportDays: number;
    /** Inputs and outputs of batch predictions are deleted after so many days. */
    readonly batchDays: number;
    readonly accessLogDays: number;
    /** Superseded versions of model files are deleted after so many days. */
    readonly oldModelVersionDays: number;
    /** Objects are copied to the peer's region. */
    readonly replicate: boolean;
  };
  readonly services: Readonly<Record<ServiceName, ServiceSize>>;
  /** Hosts for tenants of the tier `shared-cell`; how one is opened and closed: docs/capacity.md. */
  readonly sharedCells: readonly SharedCell[];
  readonly observability: {
    /** Does the main job so often, as a tenant of its own with its own stack (`npm run cost` says what it costs a month); absent: never. */
    readonly mainJobEveryMinutes: number | undefined;
  };
  readonly backup: {
    readonly days: number;
    /** Nobody may shorten or delete backups for so many days once the lock is set; absent: no lock. */
    readonly lockDays: number | undefined;
    /** Copied to the peer's region. */
    readonly copyToPeer: boolean;
    /** The latest backup of each store is restored once a week, and deleted. */
    readonly restoreTests: boolean;
  };
  /** Pipeline from a repository; absent: deployed by hand. */
  readonly delivery:
    | { readonly connectionArn: string; readonly repository: string; readonly branch: string }
    | undefined;
  readonly features: {
    /** TLS between services by a private certificate authority (50 USD a month). */
    readonly privateCa: boolean;
    /** An OpenSearch domain, which no service uses yet. */
    readonly search: boolean;
    /** Metrics of single tasks and containers in CloudWatch, paid by the piece: about 10 USD a service and month. */
    readonly containerInsights: boolean;
    /** Spans of services in X-Ray, by a collector beside each (5 USD a million traces; 128 MiB of each task). */
    readonly traces: boolean;
  };
};
