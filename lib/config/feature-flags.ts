import recommended from 'aws-cdk-lib/recommended-feature-flags.json';

/**
 * Behaviours of the CDK that later versions make the default. Here and not in cdk.json, so that tests synthesize what
 * deploys.
 */
export const featureFlags: Readonly<Record<string, unknown>> = {
  ...recommended,
  '@aws-cdk/core:enablePartitionLiterals': true,
};
