import { KolateError } from '../../contracts/errors';

/** The first signs; all are believed. */
export type CursorKeys = readonly [string, ...string[]];

const form = /^[\w-]{32,128}(,[\w-]{32,128}){0,2}$/;

/** @param text as the secret has them: the key that signs, the one after it, the one before. @throws KLT_CONFIG_INVALID */
export function readCursorKeys(text: string): CursorKeys {
  const [signing, ...others] = text.split(',');
  if (signing !== undefined && form.test(text)) return [signing, ...others];
  throw new KolateError('KLT_CONFIG_INVALID', 'the keys of cursors are one to three of 32 letters or more each');
}
