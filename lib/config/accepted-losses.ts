/** A stateful resource that may be removed or replaced once, and why nothing of worth is lost. */
export type AcceptedLoss = {
  /** Name of the stack. */
  readonly stack: string;
  readonly logicalId: string;
  readonly because: string;
};

/** Lets single changes through the gate of deployments, reviewed like code. Taken out again when they are deployed. */
export const acceptedLosses: readonly AcceptedLoss[] = [];
