import type { FastifyInstance } from 'fastify';
import { createServiceApp, type ServiceAppOptions } from '../../platform/http/create-service-app';

export type CoreAppOptions = Pick<ServiceAppOptions, 'log' | 'probes' | 'metrics' | 'tracer'>;

/** Orchestration is done over Kafka: over HTTP there are only health and metrics. */
export const createCoreApp = (options: CoreAppOptions): FastifyInstance => createServiceApp(options);
