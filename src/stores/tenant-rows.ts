import type { AuditRecord } from '../domain/audit-event.ts';
import { Grant } from '../domain/grant.ts';
import { Membership } from '../domain/tenant.ts';
import { Identity } from '../domain/user.ts';
import type { CollectionDeclaration, DocumentEngine, StoredDocument } from '../ports/document-engine.ts';
import type { TenantRows } from '../ports/tenant-rows.ts';
import { recordOf } from './audit-log.ts';
import { auditEvents, grants, identities, memberships } from './collections.ts';

const atOnce = 500;

async function* found(
  engine: DocumentEngine,
  collection: CollectionDeclaration,
  [field, value]: readonly [field: string, value: string],
  start = '',
): AsyncGenerator<readonly StoredDocument[]> {
  for (let after = start; ;) {
    const rows = await engine.find(collection, field, value, { after, limit: atOnce });
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    if (rows.length < atOnce) return;
    after = last.id;
  }
}

export function openTenantRows(engine: DocumentEngine): TenantRows {
  return {
    async *grants(tenantId, after) {
      for await (const rows of found(engine, grants, ['tenantId', tenantId], after)) yield rows.map((row) => Grant.parse(row));
    },
    async *assigned(tenantId) {
      for await (const rows of found(engine, memberships, ['tenantId', tenantId])) yield rows.map((row) => Membership.parse(row));
    },
    async *identities(start) {
      for (let after = start; ;) {
        const rows = await engine.page(identities, { after, limit: atOnce });
        const last = rows.at(-1);
        if (last === undefined) return;
        yield rows.map((row) => Identity.parse(row));
        after = last.id;
      }
    },
    async *audit(tenantId, userId) {
      const asked = userId === null ? (['tenantId', tenantId] as const) : (['userId', userId] as const);
      for await (const rows of found(engine, auditEvents, asked)) {
        const records: AuditRecord[] = rows.map(recordOf);
        yield records.filter(({ event }) => event.tenantId === tenantId);
      }
    },
  };
}
