import { PreTokenEnv } from '../../contracts/env/pre-token-env';
import { readEnv } from '../../platform/config/read-env';
import { createClientTable } from '../../platform/identity/cognito/client-table';
import { createOperatorClient } from './operator-client';
import { createPreToken } from './pre-token';

const env = readEnv(PreTokenEnv, process.env);

export const handler = createPreToken({
  clients: createClientTable(env.KOLATE_CLIENT_TABLE),
  isOperatorClient: createOperatorClient(env.KOLATE_OPERATOR_CLIENT_PARAMETER),
});
