/** What integrations and the limits see of the token. API Gateway carries texts only; absent means absent in the token. */
export type AuthorizerContext = {
  tenantId?: string;
  tier?: string;
  /** Joined by spaces. */
  scope: string;
  /** Joined by spaces. */
  roles: string;
  sub: string;
  /** Unix seconds. API Gateway keeps an answer for five minutes at most; whoever keeps it has to stop then. */
  exp: number;
};
