import { type Static, Type } from '@sinclair/typebox';
import { Timestamp } from './http/common';

/** `endpoints.json` of a home folder: where a running platform on one machine is reached. Holds no secret, only where one is. */
export const Endpoints = Type.Object({
  gateway: Type.String({ description: 'URL of the HTTP API' }),
  grpc: Type.String({ description: 'host:port of the Open Inference Protocol over gRPC' }),
  issuer: Type.String({ description: '`iss` of the tokens; discovery is below it' }),
  kafka: Type.String({ description: 'host:port' }),
  postgres: Type.String({ description: 'host:port of the core engine' }),
  mongodb: Type.String({ description: 'host:port of the core engine' }),
  redis: Type.String({ description: 'host:port of the core engine' }),
  s3: Type.String({ description: 'URL' }),
  audience: Type.String({ description: '`resource` to ask tokens for' }),
  operator: Type.Object({
    clientId: Type.String(),
    secretFile: Type.String({ description: 'file with the secret, readable by the owner alone' }),
  }),
  control: Type.Object({ url: Type.String(), tokenFile: Type.String() }),
  pid: Type.Integer({ description: 'of the supervisor' }),
  startedAt: Timestamp,
});
export type Endpoints = Static<typeof Endpoints>;

export const processKinds = ['supervisor', 'engine', 'issuer', 'tenant', 'service', 'gateway'] as const;
export type ProcessKind = (typeof processKinds)[number];

export const processStates = ['starting', 'ready', 'restarting', 'stopping', 'stopped'] as const;
export type ProcessState = (typeof processStates)[number];

export type ProcessStatus = {
  readonly name: string;
  readonly kind: ProcessKind;
  readonly state: ProcessState;
  /** Whether it answered its readiness probe just now. */
  readonly healthy: boolean;
  readonly pid?: number;
  readonly port?: number;
  /** Of the process and its children: proportional set size where the kernel tells, so that the sum counts shared pages once. */
  readonly memoryBytes?: number;
  readonly restarts: number;
  /** RFC 3339. */
  readonly startedAt?: string;
  /** Why it last ended, where it did so by itself. */
  readonly lastExit?: string;
};

/** What the supervisor's control endpoint answers to `GET /status`. */
export type PlatformStatus = {
  readonly home: string;
  readonly pid: number;
  readonly startedAt: string;
  readonly ready: boolean;
  readonly memoryBytes: number;
  readonly processes: readonly ProcessStatus[];
};

/** The parts of a home folder that two processes meet at. */
export const homeFiles = {
  endpoints: 'endpoints.json',
  logs: 'logs',
  cli: 'cli',
} as const;
