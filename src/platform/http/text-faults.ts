import type { BodyError } from '../../contracts/errors';
import { escaped } from '../config/validators';

/**
 * The strings of a parsed body that no store of ours would keep as they are: PostgreSQL refuses NUL, and halves of
 * surrogate pairs become U+FFFD when they are written as UTF-8.
 */
export function textFaults(value: unknown, pointer = ''): BodyError[] {
  if (typeof value === 'string') {
    if (value.includes('\0')) return [{ pointer, detail: 'has a NUL character' }];
    return value.isWellFormed() ? [] : [{ pointer, detail: 'has half of a surrogate pair' }];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => textFaults(member, `${pointer}/${escaped(key)}`));
}
