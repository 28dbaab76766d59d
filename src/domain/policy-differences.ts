import type { AssuranceDemand } from './assurance-demand.ts';
import { noDemand } from './assurance-demand.ts';
import { canonicalJson } from './canonical-json.ts';
import type { Directory } from './directory.ts';
import type { Resource, ResourceScope, Role, ToolRule } from './resource.ts';
import type { GroupNaming } from './group-name.ts';
import { memberSentence, ruleSentence } from './rule-sentence.ts';
import type { Tenant } from './tenant.ts';

/** One thing that another policy says otherwise, as a sentence about the thing it is of. */
export interface Difference {
  /** `tenant acme`, `role editor`, `resource notes`. */
  readonly of: string;
  readonly kind: 'new' | 'gone' | 'changed';
  readonly says: string;
}

export type Ruled = Pick<Directory, 'tenants' | 'roles' | 'resources'>;

const isSame = (a: unknown, b: unknown): boolean => canonicalJson(a) === canonicalJson(b);

/** What one list has and the other has not, however often. */
const beyond = (these: readonly string[], those: readonly string[]): string[] => these.filter((one) => !those.includes(one));

/** What came to a list and what left it, in the list's own words. */
function moved(name: string, before: readonly string[], after: readonly string[]): string[] {
  const [added, gone] = [beyond(after, before), beyond(before, after)];
  const order = added.length === 0 && gone.length === 0 && !isSame(before, after) ? [`${name} in another order`] : [];
  return [...added.map((one) => `+ ${name}: ${one}`), ...gone.map((one) => `− ${name}: ${one}`), ...order];
}

function demandText({ mfa, phishingResistant, maxAge }: AssuranceDemand = noDemand): string {
  const parts = [
    ...(mfa ? ['a second factor'] : []),
    ...(phishingResistant ? ['a sign-in that cannot be phished'] : []),
    ...(maxAge === null ? [] : [`a sign-in of the last ${maxAge} seconds`]),
  ];
  return parts.length === 0 ? 'nothing beyond a sign-in' : parts.join(' and ');
}

const turned = (name: string, before: unknown, after: unknown): string[] =>
  isSame(before, after) ? [] : [`${name}: ${JSON.stringify(after)} instead of ${JSON.stringify(before)}`];

const demanded = (before: AssuranceDemand | undefined, after: AssuranceDemand | undefined): string[] =>
  demandText(before) === demandText(after) ? [] : [`requires ${demandText(after)} instead of ${demandText(before)}`];

const tenantChanges =
  (naming: GroupNaming) =>
  (before: Tenant, after: Tenant): string[] => {
    const sentences = (rules: Tenant['rules']): string[] => rules.map((rule) => ruleSentence(rule, naming));
    return [
      ...turned('name', before.name, after.name),
      ...(before.isSuspended === after.isSuspended
        ? []
        : [after.isSuspended === true ? 'is suspended: nobody enters' : 'is no longer suspended']),
      ...demanded(before.demand, after.demand),
      ...turned('ownSecondFactor', before.ownSecondFactor ?? false, after.ownSecondFactor ?? false),
      ...moved('rule', sentences(before.rules), sentences(after.rules)),
      ...moved('member', before.members.map(memberSentence), after.members.map(memberSentence)),
      ...turned('defaultRole', before.defaultRole, after.defaultRole),
    ];
  };

const roleChanges = (before: Role, after: Role): string[] => [
  ...turned('name', before.name, after.name),
  ...moved('permission', before.permissions, after.permissions),
];

const needs = ({ permissions, ownPermissions }: Pick<ToolRule, 'permissions' | 'ownPermissions'>, scopes: readonly string[]): string => {
  const named = (all: readonly string[]) => all.map((permission) => `permission ${permission}`);
  const own = ownPermissions === undefined ? '' : `, or for what is theirs ${named(ownPermissions).join(', ')}`;
  return ([...scopes.map((scope) => `scope ${scope}`), ...named(permissions)].join(', ') || 'nothing') + own;
};

const toolTexts = ({ tools }: Resource): string[] =>
  [...tools].map(([name, rule]) => `${name} asks for ${needs(rule, rule.scopes)}; requires ${demandText(rule.demand)}`);

const scopeText = (scope: ResourceScope): string =>
  `${scope.name} (“${scope.title}”${scope.note === '' ? '' : `, ${scope.note}`}; ${scope.changes ? 'changes' : 'only looks'}) asks for ${needs(scope, [])}; requires ${demandText(scope.demand)}`;

const resourceChanges = (before: Resource, after: Resource): string[] => [
  ...turned('name', before.name, after.name),
  ...turned('baseline', before.baseline, after.baseline),
  ...demanded(before.demand, after.demand),
  ...moved('scope', before.scopes.map(scopeText), after.scopes.map(scopeText)),
  ...moved('tool', toolTexts(before), toolTexts(after)),
];

interface Named {
  readonly id: string;
  readonly name: string;
}

function compare<One extends Named>(
  noun: string,
  [before, after]: readonly [readonly One[], readonly One[]],
  changes: (before: One, after: One) => string[],
): Difference[] {
  const added = after.filter(({ id }) => before.every((one) => one.id !== id));
  const gone = before.filter(({ id }) => after.every((one) => one.id !== id));
  return [
    ...added.map(({ id, name }): Difference => ({ of: `${noun} ${id}`, kind: 'new', says: name })),
    ...gone.map(({ id, name }): Difference => ({ of: `${noun} ${id}`, kind: 'gone', says: name })),
    ...after.flatMap((one) => {
      const other = before.find(({ id }) => id === one.id);
      return other === undefined ? [] : changes(other, one).map((says): Difference => ({ of: `${noun} ${one.id}`, kind: 'changed', says }));
    }),
  ];
}

/** What another policy says otherwise, for people: nothing where both mean the same. */
export const policyDifferences = (before: Ruled, after: Ruled, naming: GroupNaming = new Map()): Difference[] => [
  ...compare('tenant', [before.tenants, after.tenants], tenantChanges(naming)),
  ...compare('role', [before.roles, after.roles], roleChanges),
  ...compare('resource', [before.resources, after.resources], resourceChanges),
];
