import { createAwsSecrets } from './create-aws-secrets';
import { createFileSecrets } from './create-file-secrets';
import type { SecretStore } from './secret-store';

/** The store that `KOLATE_SECRETS` names: `aws`, or `files:DIR`. */
export const createSecrets = (where: string, region: string): SecretStore =>
  where.startsWith('files:') ? createFileSecrets(where.slice('files:'.length)) : createAwsSecrets({ region });
