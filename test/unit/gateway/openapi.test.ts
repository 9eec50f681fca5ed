import { Validator } from '@seriousme/openapi-schema-validator';
import { allRoutes } from '../../../src/contracts/http/all-routes';
import { toOpenApi } from '../../../src/contracts/http/to-openapi';

type Operation = {
  operationId: string;
  security: { token?: string[] }[];
  parameters: { name: string; in: string; required: boolean }[];
  requestBody?: { content: Record<string, unknown> };
  responses: Record<string, { content?: Record<string, { schema: { $ref?: string } }> }>;
};
type Document = { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, unknown> } };

const document: Document = JSON.parse(JSON.stringify(toOpenApi(allRoutes)));
const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
const find = (operationId: string) => operations.find((one) => one.operationId === operationId) as Operation;

describe('the OpenAPI document', () => {
  it('is a valid OpenAPI 3.1 document', async () => {
    const validator = new Validator();
    const result = await validator.validate(JSON.parse(JSON.stringify(document)));
    expect(result).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  it('holds every route once, each under an id of its own', () => {
    expect(operations).toHaveLength(allRoutes.length);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(allRoutes.length);
  });

  it('names for every route the scopes that it needs, and none for public ones', () => {
    for (const route of allRoutes) {
      expect([route.operationId, find(route.operationId).security]).toEqual([
        route.operationId,
        route.public ? [] : [{ token: route.scopes }],
      ]);
    }
  });

  it('says for every route how it can fail', () => {
    for (const route of allRoutes) {
      const expected = [
        ...['503', '504'],
        ...(route.public ? [] : ['401', '403', '429']),
        ...(route.body ? ['400', '413'] : []),
      ];
      expect(Object.keys(find(route.operationId).responses)).toEqual(expect.arrayContaining(expected));
    }
  });

  it('has every parameter of a path', () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      const names = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name);
      for (const { parameters } of Object.values(methods)) {
        expect(parameters.filter((one) => one.in === 'path' && one.required).map(({ name }) => name)).toEqual(names);
      }
    }
  });

  it('refers to schemas that are there', () => {
    const refs = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name);
    expect(new Set(refs).size).toBeGreaterThan(5);
    expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining([...new Set(refs)]));
  });

  it('answers errors as problem details, and under /v2 in the protocol’s shape', () => {
    expect(find('getTenant').responses['404']?.content).toEqual({
      'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
    });
    expect(find('modelInfer').responses['429']?.content).toEqual({
      'application/json': { schema: { $ref: '#/components/schemas/ProtocolError' } },
    });
  });

  it('tells which routes take an idempotency key, an If-Match, binary tensors, or answer nothing', () => {
    expect(find('createTenant').parameters).toContainEqual(expect.objectContaining({ name: 'Idempotency-Key' }));
    expect(find('updateTenant').parameters).toContainEqual(
      expect.objectContaining({ name: 'If-Match', required: true }),
    );
    expect(Object.keys(find('modelInfer').requestBody?.content ?? {})).toContain('application/octet-stream');
    expect(find('deleteModel').responses['204']).not.toHaveProperty('content');
  });
});
