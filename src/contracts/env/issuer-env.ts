import { type Static, Type } from '@sinclair/typebox';
import { identity, service } from './common-env';

/** Of the OIDC issuer on one machine; Cognito takes its place on AWS. */
export const IssuerEnv = Type.Object({
  ...service,
  ...identity,
  KOLATE_ISSUER_DATA: Type.String({ description: 'folder of clients, keys and people, for the owner alone' }),
  KOLATE_IDENTITY_ADMIN_TOKEN: Type.String({ minLength: 16, description: 'bearer token of the API under /admin' }),
  KOLATE_OPERATOR_CLIENT_SECRET: Type.String({ minLength: 32, description: 'of the OAuth client `operator`' }),
  KOLATE_OPERATOR_PASSWORD: Type.String({ minLength: 12, description: 'of the person `operator`, set at each start' }),
  KOLATE_TOKEN_LIFETIME_SECONDS: Type.Integer({ minimum: 5, maximum: 3_600, default: 900 }),
  KOLATE_KEY_LEAD_SECONDS: Type.Integer({
    minimum: 1,
    default: 60,
    description:
      'how long a new signing key is published before it signs; verifiers look for an unknown key every 0.5 s',
  }),
  KOLATE_KEY_ROTATION_DAYS: Type.Integer({ minimum: 1, maximum: 365, default: 90 }),
});
export type IssuerEnv = Static<typeof IssuerEnv>;
