import { withContentEtag } from '../../platform/http/conditional';
import type { ListPage } from '../../platform/http/list-query';
import type { Answer } from '../../platform/http/register-route';

/** A page of a list, columns that are empty left out, with an ETag of what it says. */
export function listAnswer(page: ListPage, ifNoneMatch: string | undefined): Answer {
  const items = page.items.map((item) =>
    Object.fromEntries(Object.entries(item).filter(([, value]) => value !== null)),
  );
  return withContentEtag({ ...page, items }, ifNoneMatch);
}
