import type { ScimPage } from '../../domain/scim-documents.ts';
import { listResponse } from '../../domain/scim-documents.ts';
import type { ScimDocument } from '../../domain/scim-patch.ts';

/** Counts everything that is meant and keeps one page of it: memory does not grow with the directory. */
export async function pageOf<Row>(
  pages: AsyncIterable<readonly Row[]> | Iterable<readonly Row[]>,
  isMeant: (row: Row) => boolean,
  { startIndex, count }: ScimPage,
): Promise<{ readonly rows: Row[]; readonly total: number }> {
  const rows: Row[] = [];
  let total = 0;
  for await (const page of pages) {
    for (const row of page) {
      if (!isMeant(row)) continue;
      total += 1;
      if (total >= startIndex && rows.length < count) rows.push(row);
    }
  }
  return { rows, total };
}

/** One page, each row as its resource. */
export async function answeredPage<Row>(
  { rows, total }: { readonly rows: readonly Row[]; readonly total: number },
  { startIndex }: ScimPage,
  resource: (row: Row) => Promise<ScimDocument>,
): Promise<ScimDocument> {
  return listResponse(await Promise.all(rows.map(resource)), total, startIndex);
}
