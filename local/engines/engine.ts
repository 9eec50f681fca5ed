/** The account that engines run under when we are root; undefined otherwise, and then they run as ourselves. */
export type OsUser = { readonly uid: number; readonly gid: number };

export type ProcessSpec = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** All of it: nothing of our own environment is passed on. Secrets go here or into files, never into `args`. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly stopSignal: NodeJS.Signals;
  /** One probe. May reject: that is a no. */
  readonly ready: () => Promise<boolean>;
  /**
   * Whether it answers at all, be it with a no: what never does hangs, and is ended. `ready` when absent, which is for
   * those alone whose readiness hangs on nobody else.
   */
  readonly alive?: () => Promise<boolean>;
  readonly readyTimeoutMs: number;
};

export type Engine<E> = {
  readonly spec: ProcessSpec;
  readonly endpoint: E;
  /** Before every start. Makes the data folder when it is new and clears up after an unclean end; changes nothing else. */
  readonly prepare: () => Promise<void>;
};

export type Credentials = { readonly user: string; readonly password: string };

/** Programs and folders as `findEnginePaths` answers them. */
export type EnginePaths = {
  readonly postgresBin: string;
  /** The PostgreSQL that has the DocumentDB extension; mostly the same. */
  readonly documentPostgresBin: string;
  readonly ferretdb: string;
  readonly valkeyServer: string;
  readonly kafkaLib: string;
  readonly java: string;
  readonly versitygw: string;
  /** Prepared data folders, shared by all homes. */
  readonly templates: string;
  readonly user: OsUser | undefined;
};

/** What every factory takes. `dir` is the engine's own folder: its parent exists and can be entered by `paths.user`. */
export type EngineOptions = {
  /** Of the process: in its log, its pid file and `kolate status`. */
  readonly name: string;
  readonly dir: string;
  readonly port: number;
  readonly paths: EnginePaths;
  /** False in tests: nothing survives a power cut, and writes do not wait for the disk. Default true. */
  readonly durable?: boolean;
};

export type DatabaseEndpoint = Credentials & {
  readonly host: string;
  readonly port: number;
  /** With the credentials in it. */
  readonly url: string;
};

export const loopback = '127.0.0.1';
