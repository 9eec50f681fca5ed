import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Answers a finding of a rule pack, beside the resource that it is about. */
export const acknowledge = (construct: IConstruct, id: string, reason: string): void =>
  Validations.of(construct).acknowledge({ id, reason });
