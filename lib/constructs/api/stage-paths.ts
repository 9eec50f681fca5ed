import type { ApplicationListenerRule } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { CfnListenerRule } from 'aws-cdk-lib/aws-elasticloadbalancingv2';

/** Of API Gateway. No client sees it. */
export const stageName = 'live';

/**
 * Path patterns for a rule of the internal listener. AWS' guide says that a private integration puts the stage before the path, and
 * its examples do not show it: so the rule takes both, and takes the stage off again (`withoutStage`).
 * A rule has room for six wildcards, two for each pattern here.
 */
export const withAnyStage = (patterns: readonly string[]): string[] => patterns.map((pattern) => `*${pattern}`);

/** Makes `rule` forward `/live/v1/…` as `/v1/…`, and everything else as it is. */
export function withoutStage(rule: ApplicationListenerRule): void {
  const cfn = rule.node.defaultChild;
  if (!(cfn instanceof CfnListenerRule)) throw new Error(`rule ${rule.node.path}: has no CfnListenerRule inside`);
  const rewrites = [{ regex: `^/${stageName}(/.*)$`, replace: '$1' }];
  cfn.transforms = [{ type: 'url-rewrite', urlRewriteConfig: { rewrites } }];
}
