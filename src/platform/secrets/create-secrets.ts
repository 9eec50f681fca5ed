import { createAwsSecrets } from './create-aws-secrets';
import { createFileSecrets } from './create-file-secrets';
import type { SecretStore } from './secret-store';

/** The store that `KOLATE_SECRETS` names: `aws:FOLDER`, or `files:DIR`. */
export const createSecrets = (where: string, region: string): SecretStore =>
  where.startsWith('files:')
    ? createFileSecrets(where.slice('files:'.length))
    : createAwsSecrets({ region, folder: awsFolder(where) });

/** Where in Secrets Manager an environment keeps its own, of all that may be in one account. */
export const awsFolder = (where: string): string => where.replace(/^aws:/, '');
