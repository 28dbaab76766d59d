import { changes } from '../../src/domain/access-difference.ts';
import type { AccessDifference, Change } from '../../src/domain/access-difference.ts';
import { rulesChanges } from '../../src/domain/rules-preview.ts';
import type { PolicyPreview } from '../../src/flows/steps/preview-policy.ts';
import type { Contents, WrittenPolicy } from './installations.ts';
import { tenantIds } from './installations.ts';
import type { Reality } from './opened-installation.ts';

/** What became of everybody, in the words of a preview, worked out from nothing but what they can do before and after. */

const parts = ['roles', 'permissions', 'scopes', 'tools', 'onOthers'] as const;
const beyond = (some: readonly string[], others: readonly string[]) => some.filter((each) => !others.includes(each)).sort();
const ours = ({ permissions }: Reality) => permissions.filter((each) => each.startsWith('drawbridge:'));
const mends = ({ permissions }: Reality) => permissions.some((each) => ['drawbridge:people', 'drawbridge:rules'].includes(each));
const isIn = ({ roles }: Reality) => roles.length > 0;
const isAdmin = (reality: Reality) => ours(reality).length > 0;
const writes = ({ scopes }: Reality) => scopes.includes('notes write');

const meaning: Readonly<Record<Change, (had: Reality, has: Reality) => boolean>> = {
  becomesAdministrator: (had, has) => !isAdmin(had) && isAdmin(has),
  stopsBeingAdministrator: (had, has) => isAdmin(had) && !isAdmin(has),
  losesAccess: (had, has) => isIn(had) && !isIn(has),
  losesWrite: (had, has) => writes(had) && !writes(has),
  gainsAccess: (had, has) => !isIn(had) && isIn(has),
  changesOtherwise: (had, has) => parts.some((part) => had[part].toSorted().join() !== has[part].toSorted().join()),
  stays: () => true,
};

export const loses = (had: Reality, has: Reality): boolean => {
  const pairs = [
    [had.scopes, has.scopes],
    [had.tools, has.tools],
    [had.onOthers, has.onOthers],
    [ours(had), ours(has)],
  ] as const;
  return meaning.losesAccess(had, has) || pairs.some(([before, after]) => beyond(before, after).length > 0);
};

const moved = (had: Reality, has: Reality) => {
  const of = (part: (typeof parts)[number]) => ({ gained: beyond(has[part], had[part]), lost: beyond(had[part], has[part]) });
  const { gained, lost } = of('onOthers');
  const isKept = (tool: string) => had.tools.includes(tool) && has.tools.includes(tool);
  const [roles, permissions, scopes, tools] = [of('roles'), of('permissions'), of('scopes'), of('tools')];
  return { roles, permissions, scopes, tools, onOthers: { gained: gained.filter(isKept), lost: lost.filter(isKept) } };
};

const countsOf = (kinds: readonly string[], told: readonly string[]) =>
  Object.fromEntries(kinds.map((kind) => [kind, told.filter((each) => each === kind).length]));

/** By people and tenants. */
export type Realities = readonly (readonly Reality[])[];
type Pair = readonly [had: Reality, has: Reality];

/** What is true of everybody, as far as a preview tells of it. */
export function trueOf({ people }: Contents, had: Realities, has: Realities, after: WrittenPolicy, you: string) {
  const pairs = people.map((_, at) => tenantIds.map((_id, t): Pair => [had[at]?.[t] as Reality, has[at]?.[t] as Reality]));
  const changeOf = (its: readonly Pair[]) => changes.find((change) => its.some((pair) => meaning[change](...pair))) as Change;
  const told = pairs.map(changeOf);
  const some = (what: (reality: Reality) => boolean, time: 0 | 1, whose = (_id: string) => true) =>
    tenantIds.filter((_, t) => pairs.some((its, at) => whose(people[at]?.userId ?? '') && what(its[t]?.[time] as Reality)));
  const works = (id: string) => after.tenants.some((each) => each.id === id && !each.suspended);
  const isYou = (id: string) => id === you;
  return {
    counts: countsOf(
      changes.filter((each) => each !== 'stays'),
      told,
    ),
    losing: pairs.filter((its) => its.some((pair) => loses(...pair))).length,
    leavesWithoutAdministrator: some(mends, 0).filter((id) => works(id) && !some(mends, 1).includes(id)),
    youLose: some(isAdmin, 0, isYou).filter((id) => !some(isAdmin, 1, isYou).includes(id)),
    people: people
      .flatMap(({ userId, connectionId }, at) => {
        const apart = (pairs[at] ?? []).flatMap((pair, t) =>
          changeOf([pair]) === 'stays' ? [] : [{ tenantId: tenantIds[t], ...moved(...pair) }],
        );
        return told[at] === 'stays' ? [] : [{ who: `${userId} ${connectionId}`, change: told[at], apart }];
      })
      .sort((a, b) => (a.who < b.who ? -1 : 1)),
  };
}

/** What is true of one tenant, as the administrators’ pages tell it: of everybody who has a role there, before or after, and of whatever is lost. */
export function trueOnPages({ people }: Contents, had: Realities, has: Realities) {
  const pairs = people.map((_, at): Pair => [had[at]?.[0] as Reality, has[at]?.[0] as Reality]).filter((pair) => pair.some(isIn));
  const losesAny = ([before, after]: Pair) => parts.some((part) => part !== 'roles' && beyond(before[part], after[part]).length > 0);
  const told = pairs.map((pair) => {
    const change = changes.find((each) => meaning[each](...pair)) as Change;
    return change === 'changesOtherwise' && losesAny(pair) ? 'losesOtherwise' : change;
  });
  const isLocked = pairs.some(([before]) => mends(before)) && !pairs.some(([, after]) => mends(after));
  return {
    counts: countsOf(
      rulesChanges.filter((each) => each !== 'stays'),
      told,
    ),
    losing: pairs.filter((pair) => losesAny(pair) || meaning.losesAccess(...pair)).length,
    lockedOut: isLocked ? { who: 'everybody' } : null,
  };
}

function written({ roles, permissions, scopes, tools, onOthers }: AccessDifference) {
  const offers = ({ gained, lost }: AccessDifference['tools']) => {
    const [more, less] = [gained, lost].map((all) => all.map(({ resource, name }) => `${resource} ${name}`).sort());
    return { gained: more, lost: less };
  };
  const names = ({ gained, lost }: AccessDifference['permissions']) => ({ gained: gained.toSorted(), lost: lost.toSorted() });
  return { roles: names(roles), permissions: names(permissions), scopes: offers(scopes), tools: offers(tools), onOthers: offers(onOthers) };
}

/** What a preview said, in the same words. */
export function toldBy({ counts: { stays: _stays, ...counts }, examples, ...preview }: PolicyPreview) {
  return {
    counts,
    losing: preview.losing,
    leavesWithoutAdministrator: [...preview.leavesWithoutAdministrator].sort(),
    youLose: [...preview.youLose].sort(),
    people: examples
      .flatMap(({ change, people }) =>
        people.map(({ userId, connectionId, tenants }) => {
          const apart = tenants.map(({ tenantId, difference }) => ({ tenantId, ...written(difference) }));
          return { who: `${userId} ${connectionId}`, change, apart: apart.sort((a, b) => (a.tenantId < b.tenantId ? -1 : 1)) };
        }),
      )
      .sort((a, b) => (a.who < b.who ? -1 : 1)),
  };
}
