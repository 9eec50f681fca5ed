import { environmentNames } from '../../scripts/aws/synthesize';
import { allRoutes } from '../../src/contracts/http/all-routes';
import { toOpenApi } from '../../src/contracts/http/to-openapi';
import { synthesized } from '../helpers/synthesized';
import { unusedRunbooks } from './invariants/alarms-lead-somewhere';
import { allRules, runbooks, runbooksOfConstructs, runbooksWithoutAlarm } from './invariants/all-rules';
import { violationsOf } from './invariants/rule';

describe.each(environmentNames)('everything in %s', (environment) => {
  const assembly = synthesized(environment);

  it.each(allRules)('holds to $name', (rule) => {
    expect(violationsOf(rule, assembly)).toEqual([]);
  });
});

describe('the template of tenants', () => {
  const { tenant, ...assembly } = synthesized('prod');
  // Its API, its topics and its services are the platform's.
  const ofThePlatform = ['routes-served', 'topics-complete', 'environments-complete'];
  // It makes the engines' folders on a disk that belongs to root, and ends before they start.
  const accepted = 'has a container folders that runs as root';

  it.each(allRules.filter(({ name }) => !ofThePlatform.includes(name)))('holds to $name', (rule) => {
    // Deleted by offboarding alone, which nobody does by accident; what it keeps is retained.
    const stacks = tenant ? [{ ...tenant, isProtected: true }] : [];
    expect(stacks).toHaveLength(1);
    expect(violationsOf(rule, { ...assembly, stacks }).filter((violation) => !violation.endsWith(accepted))).toEqual(
      [],
    );
  });

  it('is small enough to be handed over as it is, and names no account and no region', () => {
    expect(tenant?.bytes).toBeLessThan(51_200);
    expect(JSON.stringify(tenant?.template)).not.toMatch(/111111111111|us-east-1|cdk-hnb659fds/);
  });
});

it('leads to every runbook that there is from some alarm', () => {
  const unused = unusedRunbooks(runbooks, environmentNames.map(synthesized));
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
