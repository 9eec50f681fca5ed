import { Effect, ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

export type PermissionsBoundaryProps = {
  /** Resources tagged with another environment's name stay out of reach. */
  readonly environmentName: string;
};

/** What a role of the platform may do at most, whatever its own policies say. */
export class PermissionsBoundary extends Construct {
  readonly policy: ManagedPolicy;

  constructor(scope: Construct, id: string, { environmentName }: PermissionsBoundaryProps) {
    super(scope, id);
    this.policy = new ManagedPolicy(this, 'Policy', {
      description: `The most that roles of kolate ${environmentName} may do`,
      statements: [
        new PolicyStatement({ sid: 'Ceiling', effect: Effect.ALLOW, actions: ['*'], resources: ['*'] }),
        new PolicyStatement({
          sid: 'NoOwnRights',
          effect: Effect.DENY,
          actions: ['iam:*', 'organizations:*', 'account:*'],
          resources: ['*'],
        }),
      ],
    });
  }
}
