import { type Static, Type } from '@sinclair/typebox';

/** Of the Lambda that rotates the keys of cursors: it reads and writes secrets alone. */
export const RotateCursorKeysEnv = Type.Object({});
export type RotateCursorKeysEnv = Static<typeof RotateCursorKeysEnv>;
