import { Stack, Validations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Environment } from '../config/environment';
import { stackName } from '../config/names-between-regions';
import { explainRetention } from '../constructs/explain-retention';

/** Stands in for an account that nobody has filled in, so that synthesis needs no credentials. */
const placeholderAccount = '111111111111';

export type KolateStackProps = {
  readonly environment: Environment;
  readonly stateful?: boolean;
  /** @default - the environment's */
  readonly region?: string;
};

/** A stack named `kolate-<env>-<part>`; a stateful one cannot be deleted by accident. */
export class KolateStack extends Stack {
  protected readonly environmentConfig: Environment;

  constructor(scope: Construct, part: string, { environment, stateful = false, region }: KolateStackProps) {
    super(scope, stackName(environment.name, part), {
      env: { account: environment.account ?? placeholderAccount, region: region ?? environment.region },
      terminationProtection: stateful,
      tags: { 'kolate:environment': environment.name, 'kolate:part': part },
    });
    this.environmentConfig = environment;
    explainRetention(this, environment.logDays);
    Validations.of(this).acknowledge({
      id: 'NIST.800.53.R5-IAMNoInlinePolicy',
      reason: 'A policy that constructs grant belongs to its one role, and goes with it; none is shared.',
    });
  }

  /** From the environment, never looked up: synthesis stays offline. */
  override get availabilityZones(): string[] {
    return this.environmentConfig.network.zones.map((letter) => `${this.environmentConfig.region}${letter}`);
  }
}
