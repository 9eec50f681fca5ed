/** How much may be used: a token bucket of `burst` that fills with `ratePerSecond`, and a number a day (UTC). */
export type Limit = {
  readonly ratePerSecond: number;
  readonly burst: number;
  /** Absent where the day has no limit. */
  readonly dailyQuota?: number;
};

/** A process asks for some tokens at a time and spends them by itself. */
export type LeaseAsk = {
  /** At least 1. */
  readonly want: number;
  /** What was left of the lease before, to be put back. */
  readonly back: number;
  /** Day of that lease, in days since 1970 (UTC). */
  readonly backDay: number;
};

export type LeaseGrant = {
  /** From 0 to `want`. 0 says that nothing is to be had now. */
  readonly granted: number;
  /** Whole tokens left in the bucket. */
  readonly bucketLeft: number;
  /** Left of the day; undefined without a daily quota. */
  readonly quotaLeft: number | undefined;
  /** Until the next token, or the next day where the quota is used up; 0 when all was granted. */
  readonly waitMs: number;
  readonly day: number;
};
