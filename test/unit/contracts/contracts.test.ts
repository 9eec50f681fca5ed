import { errorCodes } from '../../../src/contracts/errors';
import { allRoutes } from '../../../src/contracts/http/all-routes';
import { allScopes } from '../../../src/contracts/scopes';
import { allTopics, deadLetterTopic, retryTopic, topics } from '../../../src/contracts/topics';

describe('the route contracts', () => {
  it('have one operation a method and path, and one id an operation', () => {
    const places = allRoutes.map(({ method, path }) => `${method} ${path.replace(/\{[^}]+\}/g, '{}')}`);
    expect(new Set(places).size).toBe(places.length);
    expect(new Set(allRoutes.map(({ operationId }) => operationId)).size).toBe(allRoutes.length);
    expect(allRoutes.length).toBeGreaterThan(35);
  });

  it('ask for a scope unless they are public', () => {
    const open = allRoutes.filter(({ scopes }) => scopes.length === 0);
    expect(open.map(({ path }) => path)).toEqual(['/v2', '/v2/health/live', '/v2/health/ready']);
    expect(open.every((route) => route.public)).toBe(true);
    for (const scope of allRoutes.flatMap((route) => route.scopes)) expect(allScopes).toContain(scope);
  });

  it('declare exactly the parameters that their paths have', () => {
    for (const { operationId, path, params } of allRoutes) {
      const inPath = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name);
      expect([operationId, Object.keys(params?.properties ?? {}).sort()]).toEqual([operationId, inPath.sort()]);
    }
  });

  it('have path parts that API Gateway takes: all literal or all parameter', () => {
    const parts = allRoutes.flatMap(({ path }) => path.split('/').slice(1));
    expect(parts.filter((part) => !/^([a-z0-9-]+|\{[a-zA-Z]+\})$/.test(part))).toEqual([]);
  });
});

describe('the topics', () => {
  it('have a retry and a dead-letter topic beside each that is consumed', () => {
    const names = allTopics().map(({ name }) => name);
    for (const { name, consumed } of Object.values(topics)) {
      const beside = [retryTopic(name), deadLetterTopic(name)];
      expect(names.filter((each) => beside.includes(each))).toEqual(consumed ? beside : []);
      expect(names).toContain(name);
    }
    expect(new Set(names).size).toBe(names.length);
  });

  it('are named area.fact.vN', () => {
    for (const { name } of Object.values(topics)) expect(name).toMatch(/^[a-z]+(\.[a-z-]+)+\.v\d+$/);
  });
});

describe('the error codes', () => {
  it('are KLT_THING_PROBLEM with an HTTP error status', () => {
    for (const [code, { status, title }] of Object.entries(errorCodes)) {
      expect(code).toMatch(/^KLT_[A-Z]+(_[A-Z]+)*$/);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(title).not.toBe('');
    }
  });
});
