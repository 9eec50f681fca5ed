import { Stack, Validations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/**
 * Says why what is below `scope` may act on `arn`, which has a `*` in it. cdk-nag names such a finding by the ARN as it is
 * written out, where a reference to another stack has its final form only after all stacks were prepared: so it is
 * acknowledged then.
 */
export function explainWildcard(scope: Construct, arn: string, reason: string): void {
  scope.node.addValidation({
    validate() {
      const written = flatten(Stack.of(scope).resolve(arn));
      Validations.of(scope).acknowledge({ id: `AwsSolutions-IAM5[Resource::${written}]`, reason });
      return [];
    },
  });
}

type Intrinsic = { readonly [name: string]: unknown };

/** An ARN, as cdk-nag writes it down. */
export function flatten(value: unknown): string {
  if (typeof value === 'string') return value.replaceAll('$' + '{', '<').replaceAll('}', '>');
  const { 'Fn::Join': join, 'Fn::GetAtt': attribute, Ref: reference } = value as Intrinsic;
  if (Array.isArray(join)) return (join[1] as unknown[]).map(flatten).join(String(join[0]));
  if (Array.isArray(attribute)) return `<${attribute.map(flatten).join('.')}>`;
  return typeof reference === 'string' ? `<${reference}>` : JSON.stringify(value);
}
