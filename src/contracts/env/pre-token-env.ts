import { type Static, Type } from '@sinclair/typebox';

/** Of the Lambda that Cognito asks before it makes a token. */
export const PreTokenEnv = Type.Object({
  KOLATE_CLIENT_TABLE: Type.String({ description: 'DynamoDB table of the clients of tenants' }),
  KOLATE_OPERATOR_CLIENT_PARAMETER: Type.String({
    description: 'SSM parameter with the id of the operators’ app client, which is made after this Lambda',
  }),
});
export type PreTokenEnv = Static<typeof PreTokenEnv>;
