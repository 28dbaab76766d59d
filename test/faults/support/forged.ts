import { chainStart, linkRecord } from '../../../src/domain/audit-chain.ts';
import type { AuditEvent, AuditRecord } from '../../../src/domain/audit-event.ts';
import type { Entry } from './acknowledgements.ts';
import type { Evidence } from './evidence.ts';

/** An entry before it has its number. */
export type Forged = Omit<Entry, 'number'>;

export const start = 1_000_000;

export function entry(kind: Entry['kind'], changed: Partial<Entry> = {}): Forged {
  const usual = { instance: 'a', about: {}, isProbe: false, sentAt: start, endedAt: start + 20, deadlineMs: 1_000, status: 200 };
  return { kind, ...usual, isHonoured: changed.status === undefined || changed.status === 200, given: {}, retryAfter: null, ...changed };
}

export const chainOf = (chain: string, events: readonly AuditEvent[]): AuditRecord[] =>
  events.reduce<AuditRecord[]>(
    (records, event) => [...records, linkRecord(chain, records.length + 1, start, event, records.at(-1)?.hash ?? chainStart)],
    [],
  );

export const scope = ['read'];
export const granted = (grantId: string): AuditEvent[] => [
  { event: 'consent.approved', grantId, scope, rule: 'test' },
  { event: 'token.issued', grantId, scope, rule: 'test' },
  { event: 'token.refreshed', grantId, scope, rule: 'test' },
  { event: 'tool.allowed', grantId, tool: 'whoami', rule: 'test' },
];
export const ended = (grantId: string): AuditEvent => ({ event: 'grant.ended', grantId, rule: 'test' });

export const refused = (about: Entry['about'], at: string) =>
  ['tool', 'refresh'].map((kind) =>
    entry(kind as Entry['kind'], { about, instance: at, isProbe: true, status: 401, sentAt: start + 9_000, endedAt: start + 9_010 }),
  );

export const lived: readonly Forged[] = [
  entry('page', { status: 302, isHonoured: false, given: { grant: 'g1', code: 'c1', state: 's1' } }),
  entry('exchange', { about: { grant: 'g1', presented: 'c1' }, given: { grant: 'g1', access: 'a1', refresh: 'r1' } }),
  entry('refresh', { about: { grant: 'g1', presented: 'r1' }, given: { grant: 'g1', access: 'a2', refresh: 'r2' } }),
  entry('tool', { about: { grant: 'g1', presented: 'a2' } }),
];
export const over: readonly Forged[] = [
  entry('page', { status: 302, isHonoured: false, given: { grant: 'g2', code: 'c2', state: 's2' } }),
  entry('exchange', { about: { grant: 'g2', presented: 'c2' }, given: { grant: 'g2', access: 'b1', refresh: 'q1' } }),
  entry('refresh', { about: { grant: 'g2', presented: 'q1' }, given: { grant: 'g2', access: 'b2', refresh: 'q2' } }),
  entry('tool', { about: { grant: 'g2', presented: 'b2' } }),
  entry('revoke', { about: { grant: 'g2', presented: 'q2' } }),
  ...refused({ grant: 'g2' }, 'a'),
  ...refused({ grant: 'g2' }, 'b'),
];

export const numbered = (entries: readonly Forged[]): Entry[] => entries.map((each, number) => ({ number, ...each }));

export const token = 'db_rt_AAAAAAAAAAAAAAAAAAAAAA.1.unguessable-unguessable';
export const user = { id: 'u1', email: 'ana@demo.example' };
export const identity = { id: 'i1', userId: 'u1', issuer: 'https://idp.example', subject: 'ana' };
export const membership = { id: 'acme:u1', userId: 'u1', tenantId: 'acme' };

/** A run in which all was well: one grant that lives, one that was revoked. */
export const good: Evidence = {
  entries: numbered([...lived, ...over]),
  instances: ['a', 'b'],
  grants: new Map([
    ['g1', { stage: 'live' }],
    ['g2', { stage: 'ended' }],
  ]),
  readAt: start + 5_000,
  users: [user],
  identities: [identity],
  memberships: [membership],
  chains: [chainOf('x', granted('g1')), chainOf('y', [...granted('g2'), ended('g2')])],
  lines: ['{"event":"request","grant":"g1"}'],
  secrets: new Map([['digest', token]]),
  outages: [{ from: start + 2_000, to: start + 4_000 }],
  recoveries: ['a', 'b'].map((instance) => ({ instance, liftedAt: start, signedInAt: start + 500 })),
  holdings: [{ name: 'a', before: { sockets: 10 }, after: { sockets: 12 }, allowance: { sockets: 5 } }],
};
