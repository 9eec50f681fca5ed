import { createHash } from 'node:crypto';
import { KolateError } from '../../contracts/errors';
import type { Answer } from './register-route';

export const etagOf = (version: number | string): string => `"${version}"`;

/** @throws KolateError KLT_PRECONDITION_REQUIRED without If-Match, KLT_PRECONDITION_FAILED when it names another version */
export function requireMatch(ifMatch: string | undefined, version: number): void {
  if (ifMatch === undefined) {
    throw new KolateError('KLT_PRECONDITION_REQUIRED', 'send the ETag that you have seen as If-Match', {
      errors: [{ parameter: 'if-match', in: 'header', detail: 'is missing' }],
    });
  }
  const seen = ifMatch.split(',').map((tag) => tag.trim());
  if (seen.includes('*') || seen.includes(etagOf(version))) return;
  throw new KolateError(
    'KLT_PRECONDITION_FAILED',
    `the current version is ${etagOf(version)}; read it again and decide`,
    {
      errors: [{ parameter: 'if-match', in: 'header', detail: `is not ${etagOf(version)}` }],
    },
  );
}

/** The ETag of an answer without a version number of its own: it changes with what is shown. */
export const contentEtag = (body: unknown): string =>
  etagOf(createHash('sha256').update(JSON.stringify(body)).digest('base64url').slice(0, 22));

/** 200 with an ETag of what the body says, or 304. */
export const withContentEtag = (body: unknown, ifNoneMatch: string | undefined): Answer =>
  withEtag(body, contentEtag(body), ifNoneMatch);

/** 200 with an ETag, or 304 without a body when the caller has this version. */
export function withEtag(body: unknown, etag: string, ifNoneMatch: string | undefined): Answer {
  const known = ifNoneMatch?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag) ?? false;
  return known ? { status: 304, headers: { etag } } : { status: 200, headers: { etag }, body };
}
