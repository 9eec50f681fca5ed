/** What is read and written of Cognito's event, version 3. @types/aws-lambda knows claims of texts only. */
export type PreTokenEvent = {
  readonly version: string;
  readonly triggerSource: string;
  readonly callerContext: { readonly clientId: string };
  readonly request: {
    readonly userAttributes: Readonly<Record<string, string>>;
    readonly groupConfiguration: { readonly groupsToOverride?: readonly string[] };
    readonly scopes?: readonly string[];
  };
  readonly response: {
    readonly claimsAndScopeOverrideDetails?: {
      readonly accessTokenGeneration?: {
        readonly claimsToAddOrOverride?: Readonly<Record<string, unknown>>;
        readonly scopesToSuppress?: readonly string[];
      };
    } | null;
  };
};
