import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { featureFlags } from '../../lib/config/feature-flags';
import { TenantStack } from '../../lib/stacks/tenant-stack';
import type { CloudFormationTemplate } from './emulated-template';

/** The template of a tenant's stack as it is published. */
export function tenantTemplate(): CloudFormationTemplate {
  const app = new App({ context: featureFlags, analyticsReporting: false, builtinCloudFormationValidation: false });
  const { Parameters, Resources, Outputs } = Template.fromStack(
    new TenantStack(app, 'tenant', { name: 'test', logDays: 7 }),
  ).toJSON();
  return { Parameters, Resources, Outputs };
}
