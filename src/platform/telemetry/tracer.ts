import type { TraceContext } from './trace-context';

export type SpanKind = 'server' | 'consumer' | 'internal';
/** By names of the semantic conventions where they have one, else `kolate.…`; what is undefined is left out. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** A piece of work that is being recorded. `traceparent` is for whatever it calls or sends. */
export type Span = TraceContext & {
  set(attributes: SpanAttributes): void;
  /** Once, whatever came of it; `failure` (a code, not a person's data) marks it as an error. */
  end(failure?: string): void;
};

type Begin = (
  kind: SpanKind,
  name: string,
  traceparent: string | undefined,
  attributes?: SpanAttributes,
) => Span | undefined;

/** Where traces are not exported there is no tracer at all. */
export type Tracer = {
  /** At the platform's edge: as the caller's flag says, else so many of all as the ratio says. */
  readonly begin: Begin;
  /** Inside: below a sampled span alone; what has no trace begins none. */
  readonly follow: Begin;
  /** Sends what waits, for 3 seconds at most. Does not throw. */
  close(): Promise<void>;
};
