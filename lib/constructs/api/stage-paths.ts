import type { ApplicationListenerRule } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { CfnListenerRule, ListenerCondition } from 'aws-cdk-lib/aws-elasticloadbalancingv2';

/** Of API Gateway. No client sees it. */
export const stageName = 'live';

/** Of a regular expression in a rule. */
const maxLength = 128;

/**
 * Condition for a rule of the internal listener: a path in one of `collections` (`/v1/models`), from its beginning on, since a
 * model may be called as a collection of another service is. AWS' guide says that a private integration puts the stage before
 * the path, and its examples do not show it: so the rule takes both, and takes the stage off again (`withoutStage`).
 * A regular expression, as patterns with wildcards would be two a collection, and a rule has room for five.
 */
export class CollectionPaths extends ListenerCondition {
  private readonly regex: string;

  /** @throws Error where the collections are too many for one expression */
  constructor(collections: readonly string[]) {
    super();
    this.regex = `^(/${stageName})?(${collections.join('|')})([/?].*)?$`;
    if (this.regex.length > maxLength) {
      throw new Error(`rule: ${this.regex} has ${this.regex.length} characters; expected at most ${maxLength}`);
    }
  }

  override renderRawCondition(): CfnListenerRule.RuleConditionProperty {
    return { field: 'path-pattern', pathPatternConfig: { regexValues: [this.regex] } };
  }
}

/** Makes `rule` forward `/live/v1/…` as `/v1/…`, and everything else as it is. */
export function withoutStage(rule: ApplicationListenerRule): void {
  const cfn = rule.node.defaultChild;
  if (!(cfn instanceof CfnListenerRule)) throw new Error(`rule ${rule.node.path}: has no CfnListenerRule inside`);
  const rewrites = [{ regex: `^/${stageName}(/.*)$`, replace: '$1' }];
  cfn.transforms = [{ type: 'url-rewrite', urlRewriteConfig: { rewrites } }];
}
