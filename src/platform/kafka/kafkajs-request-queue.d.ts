/** A part of kafkajs 2.2.4 that it does not hand out: the requests of one connection. */
declare module 'kafkajs/src/network/requestQueue' {
  import type { Logger } from 'kafkajs';

  export default class RequestQueue {
    constructor(options: {
      readonly requestTimeout: number;
      readonly enforceRequestTimeout: boolean;
      readonly clientId: string;
      readonly broker: string;
      readonly logger: Pick<Logger, 'debug'>;
    });
    readonly pending: unknown[];
    /** Milliseconds since 1970; -1 when no broker has asked for patience. */
    throttledUntil: number;
    scheduleCheckPendingRequests(): void;
    destroy(): void;
  }
}
