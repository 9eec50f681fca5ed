import { GetParameterCommand, SSMClient, type SSMClientConfig } from '@aws-sdk/client-ssm';
import { askAws } from '../../platform/identity/cognito/ask-aws';

/** How long a client that is not the operators' is taken at that: they may have got a new one. */
const rememberMs = 60_000;

/** Whether an app client is the operators', by the SSM parameter that names it. */
export function createOperatorClient(parameter: string, config: SSMClientConfig = {}) {
  const ssm = new SSMClient({
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 1_500, throwOnRequestTimeout: true },
    ...config,
  });
  let known: { readonly clientId: string | undefined; readonly until: number } | undefined;
  return async (clientId: string): Promise<boolean> => {
    if (known?.clientId === clientId) return true;
    if (!known || known.until <= Date.now()) {
      const { Parameter } = await askAws(() => ssm.send(new GetParameterCommand({ Name: parameter })));
      known = { clientId: Parameter?.Value, until: Date.now() + rememberMs };
    }
    return known.clientId === clientId;
  };
}
