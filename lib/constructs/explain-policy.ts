import { Stack } from 'aws-cdk-lib';
import { Policy, type PolicyDocument, type Role } from 'aws-cdk-lib/aws-iam';
import { acknowledge } from './acknowledge';
import { flatten } from './explain-wildcard';

/** What findings a reason is for: the first whose pattern fits the action or the ARN, as cdk-nag writes it down. */
export type WildcardReason = readonly [pattern: RegExp, reason: string];

type Statement = { readonly Action?: unknown; readonly Resource?: unknown };

/**
 * Says why the policy of a role has wildcards, for statements that the CDK's own grants write too. They are complete only
 * when all stacks were prepared, so they are acknowledged then; one that no reason fits stays a finding.
 */
export function explainPolicy(role: Role, reasons: readonly WildcardReason[]): void {
  role.node.addValidation({
    validate() {
      const policy = role.node.tryFindChild('DefaultPolicy');
      for (const finding of policy instanceof Policy ? wildcardsOf(Stack.of(role), policy.document) : []) {
        const found = reasons.find(([pattern]) => pattern.test(finding));
        if (found) acknowledge(role, `AwsSolutions-IAM5[${finding}]`, found[1]);
      }
      return [];
    },
  });
}

function wildcardsOf(stack: Stack, document: PolicyDocument): string[] {
  const { Statement = [] } = (stack.resolve(document) ?? {}) as { Statement?: Statement[] };
  const written = Statement.flatMap(({ Action = [], Resource = [] }) => [
    ...[Action].flat().map((action) => `Action::${flatten(action)}`),
    ...[Resource].flat().map((resource) => `Resource::${flatten(resource)}`),
  ]);
  return [...new Set(written.filter((finding) => finding.includes('*')))];
}
