import type { Cause, OperationStatus, StepStatus } from '../../contracts/http/operations';

export type Direction = 'do' | 'undo';

export type StepState = {
  readonly status: StepStatus;
  /** Commands sent for this step, of either direction; never starts again, so that a late reply is told from the current one. */
  readonly attempt: number;
  /** Commands sent of the budget that the current run has for the current direction. */
  readonly tries: number;
  /** Unix ms. */
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly cause?: Cause;
  readonly output?: Readonly<Record<string, unknown>>;
};

/** All that is known of a running saga: plain JSON, kept as it is. */
export type SagaState = {
  readonly id: string;
  readonly saga: string;
  readonly tenantId: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly status: OperationStatus;
  /** Why it is being undone, or was: what it will end as. */
  readonly ending?: 'failed' | 'cancelled';
  /** Index of the step that is at work. */
  readonly at: number;
  readonly direction: Direction;
  /** `sent`: a reply is waited for until `wakeAt`. `resting`: the next try is at `wakeAt`. `over`: nothing will happen by itself. */
  readonly phase: 'sent' | 'resting' | 'over';
  /** Unix ms. */
  readonly wakeAt: number | null;
  readonly steps: readonly StepState[];
  readonly cause?: Cause;
  /** W3C trace context of the request that started it. */
  readonly traceparent?: string;
  /** Unix ms. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Grows by one with every change. */
  readonly revision: number;
};

export type StepReply = {
  readonly kind: 'replied';
  readonly step: string;
  readonly direction: Direction;
  readonly attempt: number;
  readonly result:
    | { readonly ok: true; readonly output: Readonly<Record<string, unknown>> }
    | { readonly ok: false; readonly cause: Cause; readonly retryable: boolean };
};

export type SagaInput =
  | StepReply
  /** `wakeAt` may have come. */
  | { readonly kind: 'woken' }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'retry' };

/** A command to be sent, exactly once. */
export type CommandEffect = {
  readonly kind: 'command';
  readonly command: string;
  readonly step: string;
  readonly direction: Direction;
  readonly attempt: number;
  /** Unix ms. */
  readonly deadline: number;
};

/** The next state and what has to be done together with keeping it; the very same state where the input changes nothing. */
export type Advance = { readonly state: SagaState; readonly effects: readonly CommandEffect[] };

export type AdvanceContext = {
  /** Unix ms. */
  readonly now: number;
  /** A number in [0, 1). */
  readonly random: () => number;
};
