import {
  CloudFormationClient,
  type CloudFormationClientConfig,
  CloudFormationServiceException,
  DescribeStacksCommand,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import { KolateError } from '../../../contracts/errors';
import { failureOf } from './stack-failure';

/** Throttling is backed off by the SDK, which slows the client down to what the account is given. */
export const createCloudFormationClient = (config: CloudFormationClientConfig): CloudFormationClient =>
  new CloudFormationClient({
    maxAttempts: 8,
    retryMode: 'adaptive',
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 20_000, throwOnRequestTimeout: true },
    ...config,
  });

const isMissing = (error: unknown): boolean =>
  error instanceof CloudFormationServiceException && /does not exist/.test(error.message);

/** The stack of that name or id; undefined where there is none. @throws as `ask` */
export async function findStack(client: CloudFormationClient, name: string): Promise<Stack | undefined> {
  try {
    return (await client.send(new DescribeStacksCommand({ StackName: name }))).Stacks?.[0];
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw toError(error);
  }
}

/** @throws KolateError by what CloudFormation said; KLT_DEPENDENCY_UNAVAILABLE when it did not answer */
export async function ask<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toError(error);
  }
}

function toError(error: unknown): KolateError {
  if (error instanceof KolateError) return error;
  if (error instanceof CloudFormationServiceException && error.$fault === 'client' && !error.$retryable) {
    return failureOf(`${error.name}: ${error.message}`, error);
  }
  return new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'CloudFormation does not answer', {
    retryAfterSeconds: 5,
    cause: error,
  });
}
