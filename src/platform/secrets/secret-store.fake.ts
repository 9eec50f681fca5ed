import { checkedSecretName, secretNotFound } from './secret-name';
import type { SecretStore } from './secret-store';

/** In memory. */
export function createFakeSecrets(): SecretStore {
  const kept = new Map<string, string>();
  const read = async (name: string): Promise<string> => {
    const value = kept.get(checkedSecretName(name));
    if (value === undefined) throw secretNotFound(name);
    return value;
  };
  return {
    get: read,
    refresh: read,
    async put(name, value) {
      kept.set(checkedSecretName(name), value);
    },
    async delete(name) {
      kept.delete(checkedSecretName(name));
    },
    async retire(name) {
      return kept.delete(checkedSecretName(name)) ? new Date().toISOString() : undefined;
    },
  };
}
