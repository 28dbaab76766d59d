import { firstBroken } from '../../../src/domain/audit-chain.ts';
import type { AuditEvent } from '../../../src/domain/audit-event.ts';
import type { Entry } from './acknowledgements.ts';
import type { Evidence } from './evidence.ts';

type EventName = AuditEvent['event'];

/** Which record a good answer to each kind of request has. */
const recordOf = { exchange: 'token.issued', refresh: 'token.refreshed', tool: 'tool.allowed' } as const;

/** Nobody knows what became of these: no reply, or one that says that something did not answer. */
const isUnknown = ({ status }: Entry) => status === null || status >= 500;

/** How many records of each event each grant has. */
function countRecords(chains: Evidence['chains']): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { event } of chains.flat()) {
    const key = `${event.event} ${event.grantId ?? ''}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** The sentences about one grant: between what was answered well and that plus what is unknown, as many records as answers. */
function aboutGrant(grant: string, entries: readonly Entry[], count: (event: EventName) => number): string[] {
  // A press whose fate is unknown may be on record beside the one that was seen; which grant it was about no page says.
  const presses = entries.filter((entry) => entry.kind === 'page' && isUnknown(entry)).length;
  const counted = (Object.keys(recordOf) as (keyof typeof recordOf)[]).flatMap((kind) => {
    const asked = entries.filter((entry) => entry.kind === kind && entry.about.grant === grant);
    const done = asked.filter(({ isHonoured }) => isHonoured).length;
    // Recorded together with its effect, and withheld because the grant ended at that moment: that is on record as well.
    const withheld = kind === 'refresh' ? count('token.withheld') : 0;
    const most = done + asked.filter(isUnknown).length + withheld;
    const found = count(recordOf[kind]);
    if (found >= done && found <= most) return [];
    return [`grant ${grant}: ${done} × ${kind} answered well, at most ${most} done, and ${found} × ${recordOf[kind]} on record`];
  });
  const issued = count('token.issued');
  const approvals = count('consent.approved');
  const isApproved = entries.some(({ given }) => given.grant === grant && given.code !== undefined);
  const isRevoked = entries.some(({ kind, isHonoured, about }) => kind === 'revoke' && isHonoured && about.grant === grant);
  const ends = count('grant.ended');
  const chances = entries.filter(({ kind, about }) => about.grant === grant && ['exchange', 'refresh', 'revoke'].includes(kind)).length;
  return [
    ...counted,
    ...(issued > 1 ? [`grant ${grant}: its code was redeemed ${issued} times on record`] : []),
    ...(isApproved && (approvals < 1 || approvals > 1 + presses)
      ? [`grant ${grant}: a code was given, and ${approvals} × consent.approved is on record`]
      : []),
    ...(isRevoked && ends === 0 ? [`grant ${grant}: it was revoked, and no grant.ended is on record`] : []),
    ...(ends > Math.max(1, chances)
      ? [`grant ${grant}: it ended ${ends} times on record, and ${chances} requests could have ended it`]
      : []),
  ];
}

/**
 * Every good answer to something that matters has its record, and every record an answer or a request whose fate is unknown; what was
 * recorded was not touched.
 */
function onRecord({ entries, chains, instances }: Evidence): string[] {
  const counts = countRecords(chains);
  const grants = new Set(entries.flatMap(({ about, given }) => [about.grant, given.grant].filter((grant) => grant !== undefined)));
  const recorded = chains
    .flat()
    .flatMap(({ event }) => (event.grantId === undefined || event.event === 'consent.approved' ? [] : [event.grantId]));
  const unheardOf = [...new Set(recorded)].filter((grant) => !grants.has(grant));
  const broken = chains.map(firstBroken).filter((record) => record !== null);
  return [
    ...broken.map(({ chain, sequence }) => `row ${sequence} of chain ${chain} is not what was written`),
    ...(chains.length < instances.length ? [`${chains.length} chains for ${instances.length} instances`] : []),
    ...unheardOf.map((grant) => `grant ${grant} is on record, and no client asked for anything of it`),
    ...[...grants].flatMap((grant) => aboutGrant(grant, entries, (event) => counts.get(`${event} ${grant}`) ?? 0)),
  ];
}

const twice = (values: readonly string[]): string[] => [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];

/** One user for each identity, one identity for each subject, one membership for each user and tenant. */
function nobodyTwice({ users, identities, memberships }: Evidence): string[] {
  const text = (value: unknown) => String(value);
  const owners = identities.map(({ userId }) => text(userId));
  return [
    ...twice(users.map(({ email }) => text(email))).map((email) => `several users are ${email}`),
    ...twice(identities.map(({ issuer, subject }) => `${text(issuer)} ${text(subject)}`)).map((who) => `several identities are ${who}`),
    ...twice(owners).map((user) => `several identities have the user ${user}`),
    ...twice(memberships.map(({ tenantId, userId }) => `${text(tenantId)} ${text(userId)}`)).map(
      (held) => `several memberships are ${held}`,
    ),
    ...users.filter(({ id }) => !owners.includes(id)).map(({ id }) => `the user ${id} is nobody's`),
    ...memberships.filter(({ userId }) => !owners.includes(text(userId))).map(({ id }) => `the membership ${id} is nobody's`),
  ];
}

export const records = { onRecord, nobodyTwice };
