import type { AuditEvent } from '../domain/audit-event.ts';
import type { ProvisionedGroup, ScimGroup } from '../domain/provisioned.ts';
import type { ScimPage } from '../domain/scim-documents.ts';
import type { ScimFilter } from '../domain/scim-filter.ts';
import type { GroupChange } from '../domain/scim-group.ts';
import { groupResource, patchGroup, readGroup } from '../domain/scim-group.ts';
import type { ScimCondition } from '../domain/scim-condition.ts';
import { demandMeant, versionTag } from '../domain/scim-condition.ts';
import { demanded, matches, mentions } from '../domain/scim-match.ts';
import type { ScimDocument } from '../domain/scim-patch.ts';
import { badRequest } from '../domain/scim-refusal.ts';
import { nameKey } from '../domain/scim-user.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { Clock } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import { StoreUnavailable } from '../ports/document-engine.ts';
import { movingAlone } from '../ports/provisioned-groups.ts';
import type { ProvisionedGroups } from '../ports/provisioned-groups.ts';
import type { ClaimDependencies } from './steps/claimed-group.ts';
import { onClaimedGroup } from './steps/claimed-group.ts';
import type { GroupMembersDependencies } from './steps/group-members.ts';
import { applyMembers, memberIds, renameForMembers } from './steps/group-members.ts';
import type { InTurn } from './steps/in-turn.ts';
import { checkedMembers } from './steps/member-checks.ts';
import type { ScimCaller } from './steps/scim-caller.ts';
import { isTaken, notThere, writtenOr } from './steps/scim-caller.ts';
import { answeredPage, pageOf } from './steps/scim-list.ts';

export interface ProvisionGroupsDependencies extends GroupMembersDependencies, ClaimDependencies {
  readonly audit: AuditLog;
  readonly entropy: Entropy;
  readonly clock: Clock;
  readonly provisionedGroups: ProvisionedGroups;
  /** One change of a group after the other. */
  readonly inTurn: InTurn;
}

async function ownGroup(
  { provisionedGroups }: ProvisionGroupsDependencies,
  { connectionId }: ScimCaller,
  id: string,
): Promise<ProvisionedGroup> {
  const group = await provisionedGroups.get(id);
  if (group === null || group.connectionId !== connectionId) throw notThere();
  return group;
}

async function resourceFor(dependencies: ProvisionGroupsDependencies, { base }: ScimCaller, group: ProvisionedGroup, withMembers: boolean) {
  const members = withMembers ? await memberIds(dependencies, group.id) : null;
  return groupResource(group, members, `${base}/Groups/${group.id}`);
}

async function record(
  { audit }: ProvisionGroupsDependencies,
  { connectionId }: ScimCaller,
  event: Extract<AuditEvent['event'], `group.${string}`>,
  provisionedId: string,
  rule: string,
): Promise<void> {
  await audit.append({ event, connectionId, provisionedId, rule: rule.slice(0, 1000) }, 'again');
}

const told = ({ group, members }: GroupChange): string =>
  [
    `named ${group.displayName}`,
    ...members.map(({ op, users }) => `${op} ${users.slice(0, 20).join(' ')}${users.length > 20 ? ' …' : ''}`),
  ].join('; ');

/** Which groups could be meant by a filter, without looking at all of them; null when all could. */
async function candidates(
  { provisionedGroups }: ProvisionGroupsDependencies,
  { connectionId }: ScimCaller,
  filter: ScimFilter | null,
): Promise<ProvisionedGroup[] | null> {
  if (filter === null) return null;
  const [id, displayName, member] = ['id', 'displayname', 'members'].map((name) => demanded(filter, name));
  const only = async (found: Promise<ProvisionedGroup | null>) => [await found].filter((group) => group !== null);
  if (typeof id === 'string') return only(provisionedGroups.get(id));
  if (typeof displayName === 'string') return only(provisionedGroups.byName(nameKey(connectionId, displayName)));
  if (typeof member !== 'string') return null;
  const held = await provisionedGroups.groupsOf(member);
  return (await Promise.all(held.map((group) => provisionedGroups.get(group.id)))).filter((group) => group !== null);
}

export const listGroups =
  (dependencies: ProvisionGroupsDependencies) =>
  async (caller: ScimCaller, filter: ScimFilter | null, page: ScimPage, withMembers: boolean): Promise<ScimDocument> => {
    const found = await candidates(dependencies, caller, filter);
    const asksMembers = filter !== null && mentions(filter, 'members');
    if (found === null && asksMembers) throw badRequest('invalidFilter', 'By members groups are found with eq, alone or with and.');
    const own = found?.filter(({ connectionId }) => connectionId === caller.connectionId) ?? null;
    const inside = new Map(
      await Promise.all((asksMembers ? (own ?? []) : []).map(async ({ id }) => [id, await memberIds(dependencies, id)] as const)),
    );
    const isMeant = (group: ProvisionedGroup) => filter === null || matches(filter, groupResource(group, inside.get(group.id) ?? null, ''));
    const pages = own === null ? dependencies.provisionedGroups.ofConnection(caller.connectionId) : [own];
    return answeredPage(await pageOf(pages, isMeant, page), page, (group) => resourceFor(dependencies, caller, group, withMembers));
  };

export const readProvisionedGroup =
  (dependencies: ProvisionGroupsDependencies) =>
  async (caller: ScimCaller, id: string, withMembers: boolean): Promise<ScimDocument> =>
    resourceFor(dependencies, caller, await ownGroup(dependencies, caller, id), withMembers);

export const addGroup =
  (dependencies: ProvisionGroupsDependencies) =>
  async (caller: ScimCaller, body: unknown): Promise<ScimDocument> => {
    const { provisionedGroups, entropy, clock, inTurn } = dependencies;
    const { connectionId } = caller;
    const change = readGroup(body);
    const key = nameKey(connectionId, change.group.displayName);
    if ((await provisionedGroups.byName(key)) !== null) throw isTaken();
    await checkedMembers(dependencies, caller, [], change.members);
    const now = clock.now();
    const rest = { nameKey: key, version: 1, movingUntil: now + movingAlone, createdAt: now, changedAt: now };
    const row = { id: entropy.id(), connectionId, ...change.group, ...rest };
    await record(dependencies, caller, 'group.provisioned', row.id, told(change));
    return inTurn(row.id, async () => {
      const { group } = writtenOr(await provisionedGroups.add(row));
      await applyMembers(dependencies, group, change.members);
      return resourceFor(dependencies, caller, (await provisionedGroups.arrived(group)) ?? group, true);
    });
  };

const mostAttempts = 20;

const isSame = (before: ProvisionedGroup, { displayName, externalId }: ScimGroup): boolean =>
  before.displayName === displayName && before.externalId === externalId;

/**
 * A group becomes what `next` says, and so do its members. When another instance changed it meanwhile, what both did may be mixed: then it is
 * done once more, so that in the end the group is as if one had come after the other.
 */
async function changeInTurn(
  dependencies: ProvisionGroupsDependencies,
  caller: ScimCaller,
  { id, condition, next }: { id: string; condition: ScimCondition; next: (before: ProvisionedGroup) => GroupChange },
): Promise<ScimDocument> {
  const { provisionedGroups } = dependencies;
  for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
    const isFirst = attempt === 0;
    const seen = await ownGroup(dependencies, caller, id);
    if (isFirst) demandMeant(condition, versionTag(seen));
    const wanted = next(seen);
    if (isFirst) {
      const { isMoved } = await checkedMembers(dependencies, caller, await provisionedGroups.membersOf(id), wanted.members);
      if (!isMoved && isSame(seen, wanted.group) && seen.movingUntil === undefined) {
        if (wanted.isNamed) await renameForMembers(dependencies, seen, seen);
        return resourceFor(dependencies, caller, seen, true);
      }
      await record(dependencies, caller, 'group.changed', id, told(wanted));
    }
    const fieldsOf = (row: ProvisionedGroup) => {
      if (isFirst) demandMeant(condition, versionTag(row));
      const { group } = next(row);
      return { ...group, nameKey: nameKey(caller.connectionId, group.displayName) };
    };
    const arrived = await onClaimedGroup(dependencies, id, fieldsOf, async ({ before, group }) => {
      await applyMembers(dependencies, before, wanted.members);
      if (wanted.isNamed) await renameForMembers(dependencies, before, group);
      return provisionedGroups.arrived(group);
    });
    if (arrived !== null) return resourceFor(dependencies, caller, arrived, true);
  }
  throw new StoreUnavailable('a provisioned group kept changing while its members were being moved');
}

export const replaceGroup =
  (dependencies: ProvisionGroupsDependencies) =>
  (caller: ScimCaller, id: string, body: unknown, condition: ScimCondition): Promise<ScimDocument> =>
    dependencies.inTurn(id, () => changeInTurn(dependencies, caller, { id, condition, next: () => readGroup(body) }));

export const patchProvisionedGroup =
  (dependencies: ProvisionGroupsDependencies) =>
  (caller: ScimCaller, id: string, body: unknown, condition: ScimCondition): Promise<ScimDocument> =>
    dependencies.inTurn(id, () => changeInTurn(dependencies, caller, { id, condition, next: (before) => patchGroup(before, body) }));

/** Its members first: whoever is cut off finds the group still there and goes on. */
export const removeGroup =
  (dependencies: ProvisionGroupsDependencies) =>
  (caller: ScimCaller, id: string, condition: ScimCondition): Promise<void> =>
    dependencies.inTurn(id, async () => {
      demandMeant(condition, versionTag(await ownGroup(dependencies, caller, id)));
      await record(dependencies, caller, 'group.removed', id, 'removed by the identity provider');
      const same = (row: ProvisionedGroup) => {
        demandMeant(condition, versionTag(row));
        return row;
      };
      await onClaimedGroup(dependencies, id, same, async ({ group }) => {
        await applyMembers(dependencies, group, [{ op: 'set', users: [] }]);
        await dependencies.provisionedGroups.remove(id);
        // Who joined in between stays in nothing that is not there any more.
        await applyMembers(dependencies, group, [{ op: 'set', users: [] }]);
      });
    });
