import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CognitoIdentityProvider } from '@aws-sdk/client-cognito-identity-provider';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { PreTokenEnv } from '../../src/contracts/env/pre-token-env';
import { allScopes, apiAudience, operatorScopes } from '../../src/contracts/scopes';
import { createClientTable } from '../../src/platform/identity/cognito/client-table';
import { createCognitoDirectory } from '../../src/platform/identity/cognito/create-cognito-directory';
import { startClientSecretsProxy } from './client-secrets-proxy';
import { handlerBundle } from './handler-bundle';
import { aws, startMiniStack } from './ministack';
import type { Python } from './python';

const table = 'clients';
const parameter = '/kolate/test/operator-client';
const secretOfOperator = 'secret_of_the_operators_client_000000000';

/** A user pool as the identity stack makes it, with the trigger's bundle as its Lambda, in MiniStack. */
export async function startUserPool(python: Python) {
  const trigger = handlerBundle('pre-token');
  const ministack = await startMiniStack(python);
  try {
    return await makeUserPool(ministack, trigger);
  } catch (error) {
    await ministack.close();
    throw error;
  }
}

async function makeUserPool(ministack: Awaited<ReturnType<typeof startMiniStack>>, trigger: string) {
  const { endpoint } = ministack;
  const proxy = await startClientSecretsProxy(endpoint);
  const cognito = new CognitoIdentityProvider({ ...aws, endpoint: proxy.url });
  await makeTable(endpoint);
  const arn = await deployTrigger(endpoint, trigger);
  const { UserPool } = await cognito.createUserPool({
    PoolName: 'test',
    LambdaConfig: { PreTokenGenerationConfig: { LambdaArn: arn, LambdaVersion: 'V3_0' } },
    UserPoolTier: 'ESSENTIALS',
  });
  const userPoolId = UserPool?.Id ?? '';
  await cognito.createResourceServer({
    UserPoolId: userPoolId,
    Identifier: apiAudience,
    Name: 'api',
    Scopes: allScopes.map((scope) => ({ ScopeName: scope, ScopeDescription: scope })),
  });
  const clients = createClientTable(table, { ...aws, endpoint });
  const operator = await makeOperator(cognito, userPoolId, endpoint);
  return {
    userPoolId,
    /** Of Cognito's API and of its tokens. */
    url: proxy.url,
    operator,
    clients,
    cognito,
    /** As in tokens; keys are to be had from `jwksUri`. */
    issuer: `https://cognito-idp.${aws.region}.amazonaws.com/${userPoolId}`,
    jwksUri: `${endpoint}/${userPoolId}/.well-known/jwks.json`,
    secretsOf: proxy.secretsOf,
    addSecret: proxy.add,
    directory: createCognitoDirectory({ userPoolId, table: clients, aws: { ...aws, endpoint: proxy.url } }),
    /** What the token endpoint answers to client credentials. */
    async token(clientId: string, clientSecret: string, scope?: string) {
      const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
      const body = new URLSearchParams({ ...form, ...(scope === undefined ? {} : { scope }) });
      const response = await fetch(`${proxy.url}/oauth2/token`, { method: 'POST', body });
      const { access_token: token } = (await response.json()) as { access_token?: string };
      return { status: response.status, token };
    },
    async close() {
      cognito.destroy();
      clients.close();
      await proxy.close();
      await ministack.close();
    },
  };
}

async function makeTable(endpoint: string): Promise<void> {
  const db = new DynamoDBClient({ ...aws, endpoint });
  await db.send(
    new CreateTableCommand({
      TableName: table,
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  db.destroy();
}

async function makeOperator(cognito: CognitoIdentityProvider, UserPoolId: string, endpoint: string) {
  const { UserPoolClient } = await cognito.createUserPoolClient({
    UserPoolId,
    ClientName: 'operator',
    ClientSecret: secretOfOperator,
    AllowedOAuthFlowsUserPoolClient: true,
    AllowedOAuthFlows: ['client_credentials'],
    AllowedOAuthScopes: operatorScopes.map((scope) => `${apiAudience}/${scope}`),
  });
  const clientId = UserPoolClient?.ClientId ?? '';
  const ssm = new SSMClient({ ...aws, endpoint });
  await ssm.send(new PutParameterCommand({ Name: parameter, Value: clientId, Type: 'String' }));
  ssm.destroy();
  return { clientId, clientSecret: secretOfOperator };
}

/** By the API itself: the SDK's client for Lambda is used nowhere else. */
async function deployTrigger(endpoint: string, bundle: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'kolate-lambda-'));
  const zip = join(folder, 'code.zip');
  const pack = 'import sys, zipfile; zipfile.ZipFile(sys.argv[1], "w").write(sys.argv[2], "index.js")';
  execFileSync('python3', ['-c', pack, zip, bundle]);
  const Variables: PreTokenEnv = { KOLATE_CLIENT_TABLE: table, KOLATE_OPERATOR_CLIENT_PARAMETER: parameter };
  const response = await fetch(`${endpoint}/2015-03-31/functions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      FunctionName: 'pre-token',
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Role: 'arn:aws:iam::000000000000:role/any',
      Timeout: 5,
      Environment: { Variables },
      Code: { ZipFile: readFileSync(zip).toString('base64') },
    }),
  });
  rmSync(folder, { recursive: true });
  const { FunctionArn } = (await response.json()) as { FunctionArn: string };
  return FunctionArn;
}
