import type { Assembly } from '../../lib/assembly/assembly';
import { environmentNames } from '../../scripts/aws/synthesize';
import { allRoutes } from '../../src/contracts/http/all-routes';
import { toOpenApi } from '../../src/contracts/http/to-openapi';
import { everything, synthesized } from '../helpers/synthesized';
import { unusedRunbooks } from './invariants/alarms-lead-somewhere';
import { allRules, runbooks, runbooksOfConstructs, runbooksWithoutAlarm } from './invariants/all-rules';
import { violationsOf } from './invariants/rule';

/** A tenant's stack is deleted by offboarding alone, which nobody does by accident; what it keeps is retained. */
function checked(name: string): Assembly {
  const { stacks, ...assembly } = synthesized(name);
  return {
    ...assembly,
    stacks: stacks.map((stack) => (stack.part === 'tenant' ? { ...stack, isProtected: true } : stack)),
  };
}

describe.each([...environmentNames, everything])('all that is in %s', (name) => {
  const assembly = checked(name);

  it.each(allRules)('holds to $name', (rule) => {
    expect(violationsOf(rule, assembly)).toEqual([]);
  });
});

describe('the template of tenants', () => {
  const { tenant, stacks } = synthesized(everything);

  it('is that of the stack which is checked with everything', () => {
    const stack = stacks.find(({ part }) => part === 'tenant');
    expect(tenant?.template.Resources).toEqual(stack?.template.Resources);
  });

  it('is small enough to be handed over as it is, and names no account and no region', () => {
    expect(tenant?.bytes).toBeLessThan(51_200);
    expect(JSON.stringify(tenant?.template)).not.toMatch(/111111111111|us-east-1|cdk-hnb659fds/);
  });
});

it('leads to every runbook that there is from some alarm', () => {
  const unused = unusedRunbooks(runbooks, [...environmentNames, everything].map(synthesized));
  expect(unused.filter((name) => !runbooksOfConstructs.has(name) && !runbooksWithoutAlarm.has(name))).toEqual([]);
});

it('has OpenAPI say the same operations as the routes', () => {
  const { paths } = toOpenApi(allRoutes) as { paths: Record<string, Record<string, { operationId: string }>> };
  const printed = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => `${method.toUpperCase()} ${path} ${operationId}`),
  );
  expect(printed.sort()).toEqual(
    allRoutes.map(({ method, path, operationId }) => `${method} ${path} ${operationId}`).sort(),
  );
});
