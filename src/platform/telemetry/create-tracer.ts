import type { Registry } from 'prom-client';
import type { Logger } from '../logging/create-logger';
import type { Tracer } from './tracer';

export type TracerOptions = {
  readonly service: string;
  readonly log: Logger;
  readonly registry: Registry;
  readonly env: {
    /** Of an OTLP/HTTP collector, without a path. Absent: nothing is recorded, and the SDK is not even loaded. */
    readonly KOLATE_TRACES_ENDPOINT?: string | undefined;
    /** Of traces that begin here, 0 to 1. */
    readonly KOLATE_TRACES_RATIO: number;
  };
};

/** Spans of this process for a collector, or none where no collector is named. */
export async function createTracer({ service, log, registry, env }: TracerOptions): Promise<Tracer | undefined> {
  const { KOLATE_TRACES_ENDPOINT: endpoint, KOLATE_TRACES_RATIO: ratio } = env;
  if (endpoint === undefined) return undefined;
  const { createOtlpTracer } = await import('./create-otlp-tracer');
  return createOtlpTracer({ service, log, registry, endpoint, ratio });
}
