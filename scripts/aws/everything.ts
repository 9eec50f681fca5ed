import type { App } from 'aws-cdk-lib';
import { checkEnvironment } from '../../lib/config/check-environment';
import type { Environment } from '../../lib/config/environment';
import { prod } from '../../lib/config/prod';
import { addPlatform } from '../../lib/platform-app';
import { TenantStack } from '../../lib/stacks/tenant-stack';
import { neutral } from './neutral';

/** Not in any account, as its values are not all of one. */
const base = neutral(prod);

/**
 * Production with every switch on, which nobody deploys: so that the checks see what is behind a switch before the first
 * who turns it on.
 */
export const everything: Environment = {
  ...base,
  name: 'everything',
  domain: { ...base.domain, hostedZoneId: 'Z00000000000000000000' },
  edge: {
    ...base.edge,
    allowedCidrs: ['198.51.100.0/24'],
    deniedCidrs: ['203.0.113.0/24'],
    originCertificateArn: 'arn:aws:acm:us-east-1:111111111111:certificate/00000000-0000-4000-8000-000000000000',
    routing: 'latency',
  },
  sharedCells: [{ id: 'shared-1', instanceType: 'r7g.2xlarge', volumeGib: 1_000, volumeIops: 6_000 }],
  features: { privateCa: true, search: true, containerInsights: true, traces: true },
  delivery: {
    connectionArn: 'arn:aws:codeconnections:us-east-1:111111111111:connection/00000000-0000-4000-8000-000000000000',
    repository: 'example/kolate',
    branch: 'main',
  },
};

/** All stacks that there can be, and the stack of a tenant beside them, which is otherwise but a file among the assets. */
export function addEverything(app: App): App {
  addPlatform(app, checkEnvironment(everything));
  new TenantStack(app, `kolate-${everything.name}-tenant`, everything);
  return app;
}
