import { KolateError } from '../../contracts/errors';

const form = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}(\/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}){0,7}$/;

/** `name` when it is one; no part begins with a dot, so that none leaves its folder. @throws KolateError KLT_CONFIG_INVALID */
export function checkedSecretName(name: string): string {
  if (form.test(name)) return name;
  throw new KolateError('KLT_CONFIG_INVALID', `"${name.slice(0, 200)}" is not a name that a secret can have`);
}

export const secretNotFound = (name: string, cause?: unknown): KolateError =>
  new KolateError('KLT_SECRET_NOT_FOUND', `there is no secret ${name}`, { cause });
