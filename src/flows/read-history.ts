import { canonicalJson } from '../domain/canonical-json.ts';
import type { TenantId } from '../domain/ids.ts';
import type { Revision } from '../domain/policy.ts';
import type { Policies } from '../ports/policies.ts';

export interface HistoryDependencies {
  readonly policies: Pick<Policies, 'get' | 'document' | 'history'>;
}

/** Those before a revision, at most so many; null begins with the newest. */
export interface HistoryPlace {
  readonly before: number | null;
  readonly most: number;
}

export interface HistoryPage {
  readonly revisions: readonly Revision[];
  /** Before which revision the next page begins; null where there is none. */
  readonly next: number | null;
}

const from = (before: number | null) => (before === null ? {} : { before });

/** Every revision, newest first. */
export const readHistory =
  ({ policies }: HistoryDependencies) =>
  async ({ before, most }: HistoryPlace): Promise<HistoryPage> => {
    const found = await policies.history({ ...from(before), limit: most + 1 });
    const revisions = found.slice(0, most);
    return { revisions, next: found.length > most ? (revisions.at(-1)?.number ?? null) : null };
  };

/** One revision and what it says; null when there is none of that number. */
export const readRevision =
  ({ policies }: HistoryDependencies) =>
  async (number: number): Promise<{ readonly revision: Revision; readonly document: unknown } | null> => {
    const revision = await policies.get(number);
    return revision === null ? null : { revision, document: await policies.document(revision.digest) };
  };

/** As much of a stored policy as is compared here. */
interface Ruled {
  readonly tenants: readonly { readonly id: string; readonly rules?: unknown; readonly defaultRole?: string }[];
}

/** So many revisions one request looks at: each is a document to read. */
const mostSeen = 200;

/** The rules of the tenant in one revision after another; what a document says is remembered for the one that follows. */
function rulesIn(policies: HistoryDependencies['policies'], tenantId: TenantId): (revision: Revision) => Promise<string | null> {
  let last: { readonly digest: string; readonly rules: string | null } | null = null;
  return async ({ digest }) => {
    if (last?.digest === digest) return last.rules;
    const { tenants } = (await policies.document(digest)) as Ruled;
    const tenant = tenants.find(({ id }) => id === tenantId);
    const rules = tenant === undefined ? null : canonicalJson([tenant.rules ?? [], tenant.defaultRole ?? null]);
    last = { digest, rules };
    return rules;
  };
}

/** The revisions in which the rules of one tenant are others than in the one before; fewer than wanted, and a next page, where many say nothing of it. */
export const rulesHistory =
  ({ policies }: HistoryDependencies) =>
  async (tenantId: TenantId, { before, most }: HistoryPlace): Promise<HistoryPage> => {
    const found = await policies.history({ ...from(before), limit: mostSeen + 1 });
    const rulesOf = rulesIn(policies, tenantId);
    const revisions: Revision[] = [];
    const [newest] = found;
    let rules = newest === undefined ? null : await rulesOf(newest);
    for (const [index, revision] of found.slice(0, mostSeen).entries()) {
      const older = found[index + 1];
      const rulesBefore = older === undefined ? null : await rulesOf(older);
      if (rules !== rulesBefore) revisions.push(revision);
      rules = rulesBefore;
      if (older !== undefined && revisions.length === most) return { revisions, next: revision.number };
    }
    return { revisions, next: found.length > mostSeen ? (found[mostSeen - 1]?.number ?? null) : null };
  };
