/**
 * What the platform promises of its service, over 30 days. Processes count by it, and alarms ring by how fast what may fail
 * is used up.
 */
export const objectives = {
  /** Requests of the API that are not answered with 5xx. */
  availability: { share: 0.999 },
  /** Calls of models, from the load balancer to the answer. */
  predictions: { share: 0.95, withinMs: 100 },
  /** From the fact, as its message says, to its committed effect at a consumer. */
  messages: { share: 0.99, withinMs: 500 },
} as const;
