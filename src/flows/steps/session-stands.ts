import { claimsToldAgain, pointersOf } from '../../domain/rule-claims.ts';
import type { Told } from '../../domain/told.ts';
import { knownAfter, toldLast } from '../../domain/told.ts';
import type { Identity } from '../../domain/user.ts';
import type { RecheckPolicy, UpstreamSession } from '../../domain/upstream-session.ts';
import { sessionLifetime } from '../../domain/upstream-session.ts';
import type { Rechecked } from '../../ports/connector.ts';
import type { GroupNames } from '../../ports/group-names.ts';
import type { Log } from '../../ports/log.ts';
import type { Users } from '../../ports/users.ts';
import { isYoungEnough } from './last-known.ts';
import type { ProvisionedGroupsDependencies } from './provisioned-groups.ts';
import { provisionedGroupsOf } from './provisioned-groups.ts';
import type { RememberDependencies } from './remember-session.ts';

export interface SessionStandsDependencies extends RememberDependencies, ProvisionedGroupsDependencies {
  readonly users: Pick<Users, 'learn'>;
  readonly groupNames: Pick<GroupNames, 'note'>;
  readonly log: Log;
}

/** Whom an upstream was asked about: their session, which is leased to us, and what was known of them before. */
export interface AskedAbout {
  readonly leased: UpstreamSession;
  readonly known: Identity;
  readonly policy: RecheckPolicy;
}

/** `there`: seen lately, or given the benefit of the doubt. `gone`: the upstream said so, or there is nothing to ask it with. `unknown`: it did not answer for too long. */
export type Presence = 'there' | 'gone' | 'unknown';

/** After an answer that said nothing the upstream is left alone for so long (ms). */
export const restFor = 20_000;

type Stands = Extract<Rechecked, { answer: 'stands' }>;

/** Facts as a sign-in would have them; whoever was put in groups beforehand is in those, whatever is not told. */
async function toldBy(dependencies: SessionStandsDependencies, { id, connectionId }: UpstreamSession, answer: Stands): Promise<Told> {
  const claims = claimsToldAgain(pointersOf(dependencies.directory.tenants), answer);
  const isPlaced = answer.groups === null && ((await provisionedGroupsOf(dependencies)(connectionId, id)) ?? []).length > 0;
  const groups = answer.groups ?? (isPlaced ? [] : null);
  return groups === null ? { claims } : { claims, groups: [...groups] };
}

/** What is written of a session that stands; of one whose person is not told enough of nothing is left of the benefit of the doubt, and whoever comes next asks again. */
function seen(now: number, { after, grace }: RecheckPolicy, presence: Presence): Pick<UpstreamSession, 'seenAt' | 'askedUntil'> {
  if (presence === 'there') return { seenAt: now, askedUntil: 0 };
  return { seenAt: now - after - grace, askedUntil: presence === 'gone' ? 0 : now + restFor };
}

/** What follows when an upstream said that a session stands: what it said of the person counts from now on, and what it did not say for as long as the policy has it. */
export const sessionStands = (dependencies: SessionStandsDependencies) => {
  const { upstreamSessions, clock, users, groupNames, log } = dependencies;

  function warn({ connectionId, userId }: UpstreamSession, since: number, presence: Presence, { whyUnknown }: Stands): void {
    const reason = `${whyUnknown ?? 'the answer does not say'}; told ${String(Math.round((clock.now() - since) / 1000))} seconds before`;
    const about = { connection: connectionId, user: userId, reason };
    if (presence === 'there') log.warn('upstream.last-known', about);
    else log.error('upstream.told-too-long-ago', about);
  }

  return async ({ leased, known, policy }: AskedAbout, answer: Stands): Promise<Presence> => {
    const now = clock.now();
    const told = await toldBy(dependencies, leased, answer);
    const facts = knownAfter(known, told, now);
    const since = facts === null ? 0 : toldLast(facts);
    const isYoung = since === null || isYoungEnough(dependencies)(since, leased.connectionId, policy);
    // A directory that is down may be up again soon; an answer that leaves out what a sign-in told needs another one.
    const presence = isYoung ? 'there' : answer.whyUnknown === undefined ? 'gone' : 'unknown';
    const next = { token: answer.refresh_token, expiresAt: now + sessionLifetime, ...seen(now, policy, presence) };
    const isNewest = await upstreamSessions.settle(leased, next);
    groupNames.note(leased.connectionId, answer.groupNames);
    // Somebody who has signed in meanwhile is there, with what that said.
    if (!isNewest) return 'there';
    await users.learn(leased.id, told, now);
    if (since !== null) warn(leased, since, presence, answer);
    return presence;
  };
};
