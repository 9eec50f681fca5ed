import type { AssembledStack, Assembly } from '../../../lib/assembly/assembly';
import type { Rule, Violation } from './rule';

/** CloudFormation's own, but 500 resources and 1 MB are to be left alone altogether. */
const limits = { resources: 499, bytes: 999_999, outputs: 200, parameters: 200 } as const;

const sizesOf = ({ template, bytes }: AssembledStack): Record<keyof typeof limits, number> => ({
  resources: Object.keys(template.Resources).length,
  bytes,
  outputs: Object.keys(template.Outputs ?? {}).length,
  parameters: Object.keys(template.Parameters ?? {}).length,
});

export const templateLimits: Rule = {
  name: 'template-limits',
  check: ({ stacks }: Assembly) =>
    stacks.flatMap((stack) =>
      Object.entries(sizesOf(stack)).flatMap(([what, size]): Violation[] => {
        const limit = limits[what as keyof typeof limits];
        return size <= limit
          ? []
          : [{ at: { stack, id: 'template' }, says: `has ${size} ${what}; expected at most ${limit}` }];
      }),
    ),
};
