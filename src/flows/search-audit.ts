import type { AuditRecord } from '../domain/audit-event.ts';
import { isWanted, keepNewest } from '../domain/audit-search.ts';
import type { AuditPlace, AuditSearch } from '../domain/audit-search.ts';
import { UserId } from '../domain/ids.ts';
import type { TenantId } from '../domain/ids.ts';
import type { TenantRows } from '../ports/tenant-rows.ts';

export interface SearchDependencies {
  readonly rows: Pick<TenantRows, 'audit'>;
}

const rowsOf = ({ rows }: SearchDependencies, tenantId: TenantId, { userId }: AuditSearch) =>
  rows.audit(tenantId, userId === null ? null : UserId.parse(userId));

/** The newest rows of a tenant's record that are wanted, older than a place; one more than `most` says that there are others. */
export const searchAudit =
  (dependencies: SearchDependencies) =>
  async (
    tenantId: TenantId,
    search: AuditSearch,
    { most, olderThan }: { readonly most: number; readonly olderThan: AuditPlace | null },
  ): Promise<readonly AuditRecord[]> => {
    const newest = keepNewest(most + 1, olderThan);
    for await (const page of rowsOf(dependencies, tenantId, search)) {
      for (const record of page) if (isWanted(search, record)) newest.offer(record);
    }
    return newest.newestFirst();
  };

/** All of it that is wanted, a page at a time in the order of the store. */
export const exportAudit = (dependencies: SearchDependencies) =>
  async function* (tenantId: TenantId, search: AuditSearch): AsyncGenerator<readonly AuditRecord[]> {
    for await (const page of rowsOf(dependencies, tenantId, search)) yield page.filter((record) => isWanted(search, record));
  };
