import { type ErrorCode, errorCodes, KolateError } from '../../contracts/errors';
import type { TierPlan } from '../../contracts/tier-plan';
import type { PlanTier, Removal, Stack, TenantStackDriver } from './tenant-stack-driver';

/** A stack of a busy machine takes seconds; what takes longer than this has got stuck. */
const deadlineMs = 240_000;

/** `plan` says what the agent itself would do. */
export type AgentStackDriver = TenantStackDriver & { readonly plan: PlanTier };

/**
 * The driver of one machine: asks the stack agent, which runs tenants' engines as CloudFormation would.
 * @param url of the agent; @param token its bearer token
 */
export function createAgentStackDriver({ url, token }: { url: string; token: string }): AgentStackDriver {
  const base = url.replace(/\/$/, '');
  const ask = async (method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> => {
    const deadline = AbortSignal.timeout(deadlineMs);
    const response = await fetch(base + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    }).catch((error: unknown) => {
      throw new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'the stack agent does not answer', {
        retryAfterSeconds: 1,
        cause: error,
      });
    });
    return response;
  };
  const send = (method: string, name: string, body?: unknown, signal?: AbortSignal): Promise<Response> =>
    ask(method, `/stacks/${encodeURIComponent(name)}`, body, signal);
  return {
    async plan(tier, shards = 1) {
      const response = await ask('GET', `/plans/${encodeURIComponent(tier)}?shards=${shards}`);
      if (!response.ok) throw await toError(response);
      const plan: TierPlan = JSON.parse(await response.text());
      return plan;
    },
    async apply({ name, ...request }, signal) {
      const response = await send('PUT', name, request, signal);
      if (!response.ok) throw await toError(response);
      return toStack(response);
    },
    async describe(name) {
      const response = await send('GET', name);
      if (response.status === 404) return undefined;
      if (!response.ok) throw await toError(response);
      return toStack(response);
    },
    async destroy(name, signal) {
      const response = await send('DELETE', name, undefined, signal);
      if (!response.ok) throw await toError(response);
      if (response.status === 204) return undefined;
      const removal: Removal = JSON.parse(await response.text());
      return removal;
    },
  };
}

async function toStack(response: Response): Promise<Stack> {
  const stack: Stack = JSON.parse(await response.text());
  return stack;
}

type ProblemBody = { readonly code?: string; readonly detail?: string; readonly hint?: string };

async function toError(response: Response): Promise<KolateError> {
  const { code = '', detail, hint } = await readProblem(response);
  const known = Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : 'KLT_PROVISION_FAILED';
  return new KolateError(known, detail ?? `the stack agent answered ${response.status}`, { hint });
}

async function readProblem(response: Response): Promise<ProblemBody> {
  try {
    const problem: ProblemBody = JSON.parse(await response.text());
    return problem;
  } catch {
    return {};
  }
}
