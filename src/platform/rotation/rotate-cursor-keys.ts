import { randomBytes } from 'node:crypto';
import { readCursorKeys } from '../http/cursor-keys';
import { createRotationSteps } from './rotation-steps';
import type { SecretVersions } from './secret-versions';

/**
 * Rotates the keys of cursors: the next one signs, the one before goes on to be believed, and the one after is made
 * known. So tasks that started before a rotation, which have read the keys of then, believe those that start after it.
 */
export const createCursorKeyRotation = (versions: SecretVersions) =>
  createRotationSteps(versions, {
    make(text) {
      const [signing, next] = readCursorKeys(text);
      const after = randomBytes(48).toString('base64url');
      // Of the first rotation: nobody knows a next one yet.
      return (next === undefined ? [signing, after] : [next, after, signing]).join(',');
    },
  });
