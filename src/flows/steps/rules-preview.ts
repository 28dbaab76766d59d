import type { Directory } from '../../domain/directory.ts';
import type { UserId } from '../../domain/ids.ts';
import type { ComparedRules, MemberOutcome } from '../../domain/rules-comparison.ts';
import { compareRules } from '../../domain/rules-comparison.ts';
import type { ChangedMember, RulesChange, RulesPreview } from '../../domain/rules-preview.ts';
import { rulesChanges } from '../../domain/rules-preview.ts';
import type { Membership } from '../../domain/tenant.ts';
import { asksUnknown } from '../../domain/unknown-facts.ts';
import type { Identity, User } from '../../domain/user.ts';
import type { Clock } from '../../ports/clock.ts';
import type { TenantRows } from '../../ports/tenant-rows.ts';
import type { Users } from '../../ports/users.ts';
import { allAsTold } from './as-told.ts';
import type { ProvisionedGroupsDependencies } from './provisioned-groups.ts';

export interface PreviewDependencies extends ProvisionedGroupsDependencies {
  readonly rows: Pick<TenantRows, 'assigned' | 'identities'>;
  readonly users: Pick<Users, 'get'>;
  readonly clock: Clock;
}

/** How many of each kind are named. */
const named = 50;
/** How many users are asked for at once. */
const atOnce = 50;

const isMoved = ({ change, putsRight }: MemberOutcome): boolean => change !== 'stays' || putsRight.before || putsRight.after;

/** The users behind those who matter one by one. */
async function usersOf({ users }: PreviewDependencies, outcomes: readonly MemberOutcome[]): Promise<Map<UserId, User>> {
  const ids = [...new Set(outcomes.filter(isMoved).map(({ identity }) => identity.userId))];
  const found = new Map<UserId, User>();
  for (let at = 0; at < ids.length; at += atOnce) {
    const rows = await Promise.all(ids.slice(at, at + atOnce).map((id) => users.get(id)));
    for (const user of rows) if (user !== null) found.set(user.id, user);
  }
  return found;
}

/** With what was provisioned of them; without who is not to come in. */
async function toldOf(dependencies: PreviewDependencies, page: readonly Identity[]): Promise<Identity[]> {
  const told: Identity[] = [];
  for (let at = 0; at < page.length; at += atOnce) told.push(...(await allAsTold(dependencies)(page.slice(at, at + atOnce))));
  return told;
}

function lossesOf({ difference: { scopes, tools, onOthers, permissions } }: MemberOutcome, { resources }: Directory): string[] {
  const titleOf = (resource: string, name: string) =>
    resources.find(({ id }) => id === resource)?.scopes.find((scope) => scope.name === name)?.title ?? name;
  if (scopes.lost.length > 0) return scopes.lost.map(({ resource, name }) => titleOf(resource, name));
  const used = [...tools.lost.map(({ name }) => name), ...onOthers.lost.map(({ name }) => `${name} on what is others’`)];
  return used.length > 0 ? used : [...permissions.lost];
}

function tally({ before }: ComparedRules) {
  const counts = Object.fromEntries(rulesChanges.map((change) => [change, 0])) as Record<RulesChange, number>;
  const members: Partial<Record<RulesChange, ChangedMember[]>> = {};
  const sums = { people: 0, losing: 0, unknown: 0, rightBefore: 0, rightAfter: 0 };
  let through: string | null = null;
  const memberOf = (outcome: MemberOutcome, user: User): ChangedMember => ({
    userId: user.id,
    isYou: outcome.isYou,
    name: user.name,
    email: user.email,
    before: outcome.before,
    after: outcome.after,
    why: outcome.why(),
    loses: lossesOf(outcome, before),
  });
  return {
    add(outcome: MemberOutcome, user: User | undefined, isUnknown: boolean): void {
      // Whoever is kept out has nothing to lose, and looks after nobody.
      if (isMoved(outcome) && user?.status !== 'active') return;
      const { change, putsRight } = outcome;
      counts[change] += 1;
      sums.people += 1;
      if (outcome.loses) sums.losing += 1;
      if (isUnknown) sums.unknown += 1;
      if (putsRight.before) sums.rightBefore += 1;
      if (putsRight.after) sums.rightAfter += 1;
      through ??= outcome.losesRulesThrough;
      const kept = (members[change] ??= []);
      if (change === 'stays' || user === undefined) return;
      if (outcome.isYou) kept.unshift(memberOf(outcome, user));
      else if (kept.length < named) kept.push(memberOf(outcome, user));
    },
    result(at: number): RulesPreview {
      const { people, losing, unknown, rightBefore, rightAfter } = sums;
      const everybody = rightBefore > 0 && rightAfter === 0 ? ({ who: 'everybody' } as const) : null;
      return { at, people, counts, members, losing, unknown, lockedOut: through === null ? everybody : { who: 'you', through } };
    },
  };
}

/** What other rules in a tenant would be to everybody who has a role there, now or then. Memory holds what is told in the end, and what was assigned by hand. */
export const previewRules =
  (dependencies: PreviewDependencies) =>
  async (compared: ComparedRules): Promise<RulesPreview> => {
    const { rows, clock } = dependencies;
    const now = clock.now();
    const outcomeOf = compareRules(compared, now);
    const isUnknown = asksUnknown(compared.after.tenants.filter(({ id }) => id === compared.tenantId));
    const assigned = new Map<UserId, Membership>();
    for await (const page of rows.assigned(compared.tenantId)) for (const row of page) assigned.set(row.userId, row);
    const sum = tally(compared);
    for await (const page of rows.identities('')) {
      const known = await toldOf(dependencies, page);
      const outcomes = known.flatMap((identity) => outcomeOf(identity, assigned.get(identity.userId) ?? null) ?? []);
      const users = await usersOf(dependencies, outcomes);
      for (const outcome of outcomes) {
        const { connectionId, subject, userId, known: said } = outcome.identity;
        const asks = said !== undefined && isUnknown({ connectionId, subject, ...said });
        sum.add(outcome, users.get(userId), asks);
      }
    }
    return sum.result(now);
  };
