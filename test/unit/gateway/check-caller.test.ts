import { createCallerCheck } from '../../../local/gateway/check-caller';
import { KolateError } from '../../../src/contracts/errors';
import { listModels } from '../../../src/contracts/http/models';
import type { Route } from '../../../src/contracts/http/route';
import { listTenants } from '../../../src/contracts/http/tenants';
import type { Identity } from '../../../src/contracts/scopes';
import { createAuthorizer } from '../../../src/handlers/authorizer/authorize-request';

function setUp({ lifetimeSeconds = 900 } = {}) {
  let clock = 1_000_000_000_000;
  const asked: string[] = [];
  const verify = (token: string): Identity => {
    asked.push(token);
    if (token === 'bad') throw new KolateError('KLT_TOKEN_INVALID', 'the token has expired');
    return {
      ...{ subject: 'ann', tenantId: undefined, tier: undefined, roles: ['operator'] },
      ...{ scopes: new Set(['tenants:read']), expiresAt: clock / 1_000 + lifetimeSeconds },
    };
  };
  const check = createCallerCheck(createAuthorizer(verify), () => clock);
  return {
    check: async (route: Route, token: string) => check(route, token),
    asked,
    pass: (ms: number) => (clock += ms),
  };
}

describe('the gateway’s memory of its authorizer', () => {
  it('asks once for a token and applies the answer to every route', async () => {
    const { check, asked } = setUp();
    expect(await check(listTenants, 'Bearer good')).toMatchObject({ subject: 'ann', roles: ['operator'] });
    await expect(check(listModels, 'Bearer good')).rejects.toMatchObject({ code: 'KLT_SCOPE_MISSING' });
    await check(listTenants, 'Bearer good');
    expect(asked).toEqual(['good']);
  });

  it('asks again after five minutes', async () => {
    const { check, asked, pass } = setUp();
    await check(listTenants, 'Bearer good');
    pass(299_999);
    await check(listTenants, 'Bearer good');
    expect(asked.length).toBe(1);
    pass(1);
    await check(listTenants, 'Bearer good');
    expect(asked.length).toBe(2);
  });

  it('never goes by an answer after the token’s end', async () => {
    const { check, asked, pass } = setUp({ lifetimeSeconds: 10 });
    await check(listTenants, 'Bearer good');
    pass(10_000);
    await check(listTenants, 'Bearer good');
    expect(asked.length).toBe(2);
  });

  it('does not remember refusals', async () => {
    const { check, asked } = setUp();
    await expect(check(listTenants, 'Bearer bad')).rejects.toMatchObject({ detail: 'the token has expired' });
    await expect(check(listTenants, 'Bearer bad')).rejects.toMatchObject({ status: 401 });
    expect(asked.length).toBe(2);
  });
});
