export type HeaderValue = string | Buffer;

/** A record to be produced. */
export type OutgoingRecord = {
  readonly topic: string;
  readonly key: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers: Readonly<Record<string, HeaderValue>>;
};

/** A record as the broker gave it. Where a header was sent several times its first value counts. */
export type ReceivedRecord = {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer>>;
};

/** Milliseconds to wait before try `attempt + 1`; `attempt` counts from 1. */
export type Backoff = (attempt: number) => number;

export const headerText = (record: Pick<ReceivedRecord, 'headers'>, name: string): string | undefined =>
  record.headers[name]?.toString('utf8');
