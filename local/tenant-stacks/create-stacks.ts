import { KolateError } from '../../src/contracts/errors';
import { type TierPlan, tenantPlaceholder } from '../../src/contracts/tier-plan';
import {
  type Removal,
  type Stack,
  type StackSpec,
  tierUnavailable,
} from '../../src/platform/tenancy/tenant-stack-driver';
import type { StackBuilder } from './stack-builder';
import type { StackRecord, StackRecords } from './stack-record';

export type StacksOptions = {
  readonly records: StackRecords;
  readonly builders: Readonly<Record<string, StackBuilder>>;
  /** Told of what could not be started again. */
  readonly say: (line: string) => void;
};

export type Stacks = ReturnType<typeof createStacks>;

const restoredAtOnce = 3;

/** The stacks of one machine: what TenantStackDriver promises, and `restoreAll` for the next start. */
export function createStacks({ records, builders, say }: StacksOptions) {
  const inTurn = createTurns();
  const builderOf = (tier: string): StackBuilder => {
    const builder = builders[tier];
    if (!builder) throw tierUnavailable(tier);
    return builder;
  };

  const apply = async ({ name, tenantId, tier, shards = 1, requestToken, credentials }: StackSpec): Promise<Stack> => {
    const builder = builderOf(tier);
    const known = await records.read(name);
    if (known) checkSame(known, tenantId, tier, shards);
    if (known?.state === 'ready' && known.requestToken === requestToken) return asStack(known);
    const engines = await builder.plan(known, { tier, shards });
    const record: StackRecord = {
      ...{ name, tenantId, tier, state: 'building', requestToken },
      ...(shards > 1 && { shards }),
      ...(engines && { engines }),
    };
    await records.write(record);
    const ready: StackRecord = { ...record, state: 'ready', endpoints: await build(builder, record, credentials) };
    await records.write(ready);
    return asStack(ready);
  };

  const destroy = async (name: string): Promise<Removal | undefined> => {
    const known = await records.read(name);
    if (!known) return undefined;
    await records.write({ ...known, state: 'leaving' });
    await builderOf(known.tier).destroy(known);
    await records.remove(name);
    return { id: name, deletedAt: new Date().toISOString() };
  };

  const restore = async (record: StackRecord): Promise<void> => {
    try {
      if (record.state === 'leaving') await destroy(record.name);
      // What was being built is taken up by the next `apply`, which its saga repeats.
      if (record.state === 'ready') await records.write(await builderOf(record.tier).restore(record));
    } catch (error) {
      say(`${record.name} could not be started: ${error instanceof Error ? error.message.split('\n')[0] : error}`);
    }
  };

  return {
    /** What one more tenant brings here; what the stores' users and the client come in with is made beside the stores. */
    plan: (tier: string, shards: number): TierPlan => ({
      tier,
      resources: [
        ...builderOf(tier).resources({ tier, shards }),
        { kind: 'secret', name: `tenant/${tenantPlaceholder}/*`, count: 2, where: 'the secret store of this machine' },
        { kind: 'OAuth client', name: '<slug>-<tenant id>', count: 1, where: 'the issuer of this machine' },
      ],
      cost: { usdPerMonth: 0, note: 'no cost: runs on this machine' },
    }),
    apply: (spec: StackSpec): Promise<Stack> => inTurn(spec.name, () => apply(spec)),
    async describe(name: string): Promise<Stack | undefined> {
      const known = await records.read(name);
      return known?.state === 'ready' ? asStack(known) : undefined;
    },
    destroy: (name: string): Promise<Removal | undefined> => inTurn(name, () => destroy(name)),
    /** Starts again what ran before, and finishes what was being destroyed. A stack that fails does not keep the others. */
    async restoreAll(): Promise<void> {
      const waiting = await records.all();
      const worker = async (): Promise<void> => {
        for (let next = waiting.pop(); next; next = waiting.pop()) {
          const record = next;
          await inTurn(record.name, () => restore(record));
        }
      };
      await Promise.all(Array.from({ length: restoredAtOnce }, worker));
    },
  };
}

/** One at a time for each name, in the order in which they came. */
function createTurns() {
  const last = new Map<string, Promise<unknown>>();
  return <T>(name: string, act: () => Promise<T>): Promise<T> => {
    const turn = (last.get(name) ?? Promise.resolve()).then(act, act);
    last.set(name, turn);
    const forget = (): void => {
      if (last.get(name) === turn) last.delete(name);
    };
    turn.then(forget, forget);
    return turn;
  };
}

async function build(builder: StackBuilder, record: StackRecord, credentials: StackSpec['credentials']) {
  try {
    return await builder.build(record, credentials);
  } catch (error) {
    if (error instanceof KolateError && error.code === 'KLT_DEPENDENCY_UNAVAILABLE') throw error;
    const detail = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new KolateError('KLT_PROVISION_FAILED', `${record.name}: ${detail}`, {
      hint: 'the logs of the stack’s processes say more; then retry the operation',
      cause: error,
    });
  }
}

function checkSame(known: StackRecord, tenantId: string, tier: string, shards: number): void {
  const same = known.tenantId === tenantId && known.tier === tier && (known.shards ?? 1) === shards;
  if (same && known.state !== 'leaving') return;
  const what = known.state === 'leaving' ? 'is being destroyed' : 'has another tenant, tier or number of shards';
  throw new KolateError('KLT_PROVISION_FAILED', `a stack ${known.name} is there and ${what}`);
}

function asStack({ name, tenantId, tier, endpoints }: StackRecord): Stack {
  if (!endpoints) throw new KolateError('KLT_INTERNAL', `the record of ${name} has no endpoints`);
  return { name, tenantId, tier, endpoints };
}
