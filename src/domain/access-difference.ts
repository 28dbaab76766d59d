import { isAdministrative } from './administrator-role.ts';
import type { RoleId } from './ids.ts';
import type { Access, ResourceAccess } from './role-access.ts';

/** A scope or a tool, with the resource it is of. */
export interface Offered {
  readonly resource: string;
  readonly name: string;
}

interface Parted<Entry> {
  readonly gained: readonly Entry[];
  readonly lost: readonly Entry[];
}

/** What changes for one person in one tenant. */
export interface AccessDifference {
  readonly roles: Parted<RoleId>;
  readonly permissions: Parted<string>;
  readonly scopes: Parted<Offered>;
  readonly tools: Parted<Offered>;
  /** Tools that are theirs before and after, and can be used on what is others’ from then on, or no longer. */
  readonly onOthers: Parted<Offered>;
  readonly gainsAccess: boolean;
  readonly losesAccess: boolean;
  /** At some resource they could change data, and cannot any more. */
  readonly losesWrite: boolean;
  readonly becomesAdministrator: boolean;
  readonly stopsBeingAdministrator: boolean;
}

function parted<Entry>(before: readonly Entry[], after: readonly Entry[], nameOf: (entry: Entry) => string): Parted<Entry> {
  const [had, has] = [new Set(before.map(nameOf)), new Set(after.map(nameOf))];
  return { gained: after.filter((entry) => !had.has(nameOf(entry))), lost: before.filter((entry) => !has.has(nameOf(entry))) };
}

const itself = (name: string) => name;

const offered = ({ resources }: Access, what: 'scopes' | 'tools' | 'ownTools'): Offered[] =>
  resources.flatMap((entry) => entry[what].map((name) => ({ resource: entry.resource, name })));

const partedOffers = (before: Access, after: Access, what: 'scopes' | 'tools' | 'ownTools') =>
  parted(offered(before, what), offered(after, what), ({ resource, name }) => `${resource} ${name}`);

const isIn = (offers: readonly Offered[]) => (offer: Offered) =>
  offers.some(({ resource, name }) => resource === offer.resource && name === offer.name);

/** Whoever has a tool before and after has it, each time, on anything or on what is theirs. */
function partedOnOthers(before: Access, after: Access): Parted<Offered> {
  const [had, has] = [before, after].map((access) => isIn(offered(access, 'tools'))) as [ReturnType<typeof isIn>, ReturnType<typeof isIn>];
  const { gained, lost } = partedOffers(before, after, 'ownTools');
  return { gained: lost.filter(has), lost: gained.filter(had) };
}

const changesAt = ({ resources }: Access, { resource }: ResourceAccess) =>
  resources.some((entry) => entry.resource === resource && entry.changes);

export function differenceOf(before: Access, after: Access): AccessDifference {
  const [had, has] = [before.roles.length > 0, after.roles.length > 0];
  return {
    roles: parted(before.roles, after.roles, itself),
    permissions: parted(before.permissions, after.permissions, itself),
    scopes: partedOffers(before, after, 'scopes'),
    tools: partedOffers(before, after, 'tools'),
    onOthers: partedOnOthers(before, after),
    gainsAccess: !had && has,
    losesAccess: had && !has,
    losesWrite: before.resources.some((entry) => entry.changes && !changesAt(after, entry)),
    becomesAdministrator: after.isAdministrator && !before.isAdministrator,
    stopsBeingAdministrator: before.isAdministrator && !after.isAdministrator,
  };
}

/** Whether somebody could do something before and cannot any more: what else a permission is good for nobody here knows. */
export const losesSomething = ({ losesAccess, permissions, scopes, tools, onOthers }: AccessDifference): boolean =>
  losesAccess || permissions.lost.some(isAdministrative) || [scopes, tools, onOthers].some(({ lost }) => lost.length > 0);

/** What a change is to a person, above all: the first of these that is true anywhere. */
export const changes = [
  'becomesAdministrator',
  'stopsBeingAdministrator',
  'losesAccess',
  'losesWrite',
  'gainsAccess',
  'changesOtherwise',
  'stays',
] as const;
export type Change = (typeof changes)[number];

/** The order in which people are told of it: first who loses something. */
export const lossesFirst = [
  'stopsBeingAdministrator',
  'losesAccess',
  'losesWrite',
  'becomesAdministrator',
  'gainsAccess',
  'changesOtherwise',
] as const satisfies readonly Change[];

const hasMoved = ({ gained, lost }: Parted<unknown>) => gained.length > 0 || lost.length > 0;

/** Whether it is true of a difference: `changesOtherwise` of every one, `stays` of none that is one. */
function isTrue(change: Change, difference: AccessDifference): boolean {
  if (change === 'stays') return true;
  if (change !== 'changesOtherwise') return difference[change];
  const { roles, permissions, scopes, tools, onOthers } = difference;
  return [roles, permissions, scopes, tools, onOthers].some(hasMoved);
}

export const changeOf = (differences: readonly AccessDifference[]): Change =>
  changes.find((change) => differences.some((difference) => isTrue(change, difference))) ?? 'stays';
