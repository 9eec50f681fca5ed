import { createHash } from 'node:crypto';
import { withEtag } from '../../platform/http/conditional';
import type { ListPage } from '../../platform/http/list-query';
import type { Answer } from '../../platform/http/register-route';

/** A page of a list, columns that are empty left out, with an ETag of what it says. */
export function listAnswer(page: ListPage, ifNoneMatch: string | undefined): Answer {
  const items = page.items.map((item) =>
    Object.fromEntries(Object.entries(item).filter(([, value]) => value !== null)),
  );
  const body = { ...page, items };
  const etag = createHash('sha256').update(JSON.stringify(body)).digest('base64url').slice(0, 22);
  return withEtag(body, `"${etag}"`, ifNoneMatch);
}
