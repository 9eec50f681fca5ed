import { AuthorizerEnv } from '../../contracts/env/authorizer-env';
import { readEnv } from '../../platform/config/read-env';
import { createIssuerVerifier } from '../../platform/identity/create-issuer-verifier';
import { createAuthorizer } from './authorize-request';

const { KOLATE_ISSUER_URL, KOLATE_USAGE_KEYS_OF } = readEnv(AuthorizerEnv, process.env);

export const handler = createAuthorizer(createIssuerVerifier({ issuer: KOLATE_ISSUER_URL }), KOLATE_USAGE_KEYS_OF);
