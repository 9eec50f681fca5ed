import { type Static, Type } from '@sinclair/typebox';
import { kafka, service } from './common-env';

/** Of the Lambda that brings CloudFormation's news to Kafka. */
export const StackEventsEnv = Type.Object({ KOLATE_LOG_LEVEL: service.KOLATE_LOG_LEVEL, ...kafka });
export type StackEventsEnv = Static<typeof StackEventsEnv>;
