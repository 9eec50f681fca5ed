import { Counter, type Registry } from 'prom-client';

export type DurationTally = {
  /** Counts one request. */
  add(status: number, ms: number): void;
};

const boundsMs = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 10_000];

type Tally = { readonly buckets: Float64Array; sumMs: number };

/**
 * A histogram of durations for hot paths, by status: `NAME_bucket`, `NAME_sum` and `NAME_count`, in seconds. An observation costs
 * some comparisons and an addition; prom-client's own works out a key from its labels each time, a microsecond.
 */
export function createDurationTally(registry: Registry, name: string, help: string): DurationTally {
  const byStatus = new Map<number, Tally>();
  const each = (visit: (status: string, tally: Tally) => void): void => {
    for (const [status, tally] of byStatus) visit(String(status), tally);
  };
  const common = { help, registers: [registry] };
  new Counter({
    ...common,
    name: `${name}_bucket`,
    labelNames: ['status', 'le'],
    collect() {
      this.reset();
      each((status, { buckets }) => {
        let below = 0;
        boundsMs.forEach((bound, index) => {
          below += buckets[index] ?? 0;
          this.inc({ status, le: String(bound / 1_000) }, below);
        });
        this.inc({ status, le: '+Inf' }, below + (buckets[boundsMs.length] ?? 0));
      });
    },
  });
  new Counter({
    ...common,
    name: `${name}_count`,
    labelNames: ['status'],
    collect() {
      this.reset();
      each((status, { buckets }) =>
        this.inc(
          { status },
          buckets.reduce((sum, count) => sum + count, 0),
        ),
      );
    },
  });
  new Counter({
    ...common,
    name: `${name}_sum`,
    labelNames: ['status'],
    collect() {
      this.reset();
      each((status, { sumMs }) => this.inc({ status }, sumMs / 1_000));
    },
  });

  return {
    add(status, ms) {
      let tally = byStatus.get(status);
      if (!tally) {
        tally = { buckets: new Float64Array(boundsMs.length + 1), sumMs: 0 };
        byStatus.set(status, tally);
      }
      let bucket = 0;
      while (bucket < boundsMs.length && ms > boundsMs[bucket]!) bucket++;
      tally.buckets[bucket]!++;
      tally.sumMs += ms;
    },
  };
}
