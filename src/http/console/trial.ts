import { previewPerson } from '../../domain/access-preview.ts';
import type { Directory } from '../../domain/directory.ts';
import type { GroupNaming } from '../../domain/group-name.ts';
import { ConnectionId } from '../../domain/ids.ts';
import type { TenantId } from '../../domain/ids.ts';
import type { Arrival } from '../../domain/role-mapping.ts';
import { leadsInto } from '../../domain/tenant.ts';
import type { TrialResult, TrialView } from '../../pages/access-rules-view.ts';
import type { Parameters } from '../body.ts';

const mostGroups = 500;
/** Nobody is called so by an identity provider: who is tried is named nowhere. */
const nobody = '';

const linesOf = (text: string): string[] => [
  ...new Set(
    text
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  ),
];

/** "/department Finance" on each line; of a detail that is said twice both count. */
function claimsOf(text: string): Record<string, string[]> {
  const pairs = linesOf(text)
    .slice(0, mostGroups)
    .map((line) => /^(\/\S*)\s+(.+)$/.exec(line) ?? []);
  const pointers = new Set(pairs.flatMap(([, pointer]) => pointer ?? []));
  const valuesOf = (pointer: string): string[] =>
    pairs.flatMap(([, said, value]) => (said === pointer && value !== undefined ? value : []));
  return Object.fromEntries([...pointers].map((pointer) => [pointer, valuesOf(pointer)]));
}

const asksDetails = (directory: Directory | null, tenantId: TenantId): boolean =>
  directory?.tenants.some(({ id, rules }) => id === tenantId && rules.some(({ where = [] }) => where.length > 0)) === true;

/** The groups that somebody was tried with, at most so many. */
export const triedGroups = (form: Parameters | null): string[] => linesOf(form?.values['tried'] ?? '').slice(0, mostGroups);

function resultOf(before: Directory, after: Directory, tenantId: TenantId, arrival: Arrival, now: number): TrialResult | null {
  const [old, young] = [before, after].map((policy) =>
    previewPerson(policy, arrival, new Map(), now).find((each) => each.tenantId === tenantId),
  );
  if (old === undefined || young === undefined) return null;
  const nameOf = (id: string): string => after.roles.find((role) => role.id === id)?.name ?? id;
  const names = (preview: typeof young): string => preview.roles.map(({ role }) => nameOf(role)).join(', ');
  const open = young.trace.filter(({ fits }) => fits === 'unknown');
  return {
    roles: young.roles.map(({ role, rule }) => ({ name: nameOf(role), why: rule.replace(` gives ${role}`, '') })),
    denied: young.denied.map(({ role, rule }) => ({ name: nameOf(role), why: rule.replace(/ denies (everything|\S+)$/, ' denies it') })),
    open: open.map(({ rule, because }) => `Rule ${rule} may fit them, too: ${because}.`),
    can: young.access.resources.map(({ resource, scopes, tools, ownTools }) => {
      const found = after.resources.find(({ id }) => id === resource);
      const titles = (found?.scopes ?? []).filter(({ name }) => scopes.includes(name)).map(({ title }) => title);
      const uses = tools.map((tool) => (ownTools.includes(tool) ? `${tool} (only what is theirs)` : tool));
      return { server: found?.name ?? resource, titles, tools: uses };
    }),
    administers: young.access.isAdministrator,
    published: names(old) === names(young) ? null : names(old),
  };
}

/** What somebody with the groups in the form would be; nobody was asked about when the form says so. */
export function trialView(
  form: Parameters | null,
  facts: {
    readonly before: Directory;
    readonly after: Directory | null;
    readonly tenantId: TenantId;
    readonly now: number;
    readonly naming: GroupNaming;
    readonly isAsked: boolean;
  },
): TrialView {
  const { before, after, tenantId, now, naming, isAsked } = facts;
  const tenant = before.tenants.find(({ id }) => id === tenantId);
  const leading = before.connections.filter(({ id }) => tenant === undefined || leadsInto(tenant, id));
  const offered = leading.length === 0 ? before.connections : leading;
  const text = form?.values['tried'] ?? '';
  const details = form?.values['details'] ?? '';
  const groups = triedGroups(form);
  const chosen = offered.find(({ id }) => id === form?.values['through'])?.id ?? offered[0]?.id ?? ConnectionId.parse('none');
  const arrival = { connectionId: chosen, subject: nobody, groups, claims: claimsOf(details), naming };
  return {
    groups: text,
    details: details !== '' || asksDetails(before, tenantId) || asksDetails(after, tenantId) ? details : null,
    connections: offered.map(({ id, name }) => ({ id, name, isChosen: id === chosen })),
    result: isAsked && after !== null ? resultOf(before, after, tenantId, arrival, now) : null,
  };
}
