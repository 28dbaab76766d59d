/** Whether the judges of a fault run bite: a run without fault passes, and each forged contradiction is named by the invariant it breaks. */
import { describe, expect, it } from '@jest/globals';
import type { AuditEvent, AuditRecord } from '../../src/domain/audit-event.ts';
import type { Entry } from './support/acknowledgements.ts';
import type { Evidence } from './support/evidence.ts';
import type { Forged } from './support/forged.ts';
import {
  chainOf,
  ended,
  entry,
  good,
  granted,
  identity,
  lived,
  membership,
  numbered,
  over,
  refused,
  scope,
  start,
  token,
  user,
} from './support/forged.ts';
import { invariants, violations } from './support/invariants.ts';

const also = (...entries: Forged[]): Partial<Evidence> => ({ entries: numbered([...lived, ...over, ...entries]) });
const without = (unwanted: (entry: Forged) => boolean): Partial<Evidence> => ({
  entries: numbered([...lived, ...over].filter((each) => !unwanted(each))),
});
const records = (first: readonly AuditEvent[], second: readonly AuditEvent[] = [...granted('g2'), ended('g2')]): Partial<Evidence> => ({
  chains: [chainOf('x', first), chainOf('y', second)],
});
const late = { sentAt: start + 9_000, endedAt: start + 9_010 };
const during = { sentAt: start + 2_500, endedAt: start + 2_600 };
const again = { grant: 'g1', access: 'a9', refresh: 'r9' };
const [first, ...others] = chainOf('x', granted('g1'));

/** What is forged, what the invariant that names it is called, and words of its sentence. */
const forged: readonly [string, string, RegExp, Partial<Evidence>][] = [
  ['a code redeemed twice', 'I1', /several sets/, also(entry('exchange', { about: { grant: 'g1', presented: 'c1' }, given: again }))],
  [
    'a refresh token with two successors',
    'I1',
    /#2 .*several successors|several successors: #2/,
    also(entry('refresh', { about: { grant: 'g1', presented: 'r1' }, given: again })),
  ],
  [
    'a state answered twice',
    'I1',
    /several answers/,
    also(entry('page', { status: 302, isHonoured: false, given: { grant: 'g1', code: 'c9', state: 's1' } })),
  ],
  [
    'a revoked token used at the other instance',
    'I2',
    /revoked by #8.* #13 tool at b/,
    also(entry('tool', { about: { grant: 'g2', presented: 'b2' }, instance: 'b', ...late })),
  ],
  [
    'a revoked refresh token honoured at once',
    'I2',
    /revoked/,
    also(entry('refresh', { about: { grant: 'g2', presented: 'q2' }, sentAt: start + 30, endedAt: start + 40 })),
  ],
  ['an instance nobody asked after a revocation', 'I2', /not tried at b/, without(({ isProbe, instance }) => isProbe && instance === 'b')],
  [
    'a token of a grant that is gone',
    'I3',
    /absent/,
    {
      grants: new Map([['g2', { stage: 'ended' }]]),
      ...also(...refused({ grant: 'g1' }, 'b'), entry('tool', { about: { grant: 'g1' }, ...late })),
    },
  ],
  [
    'a token of a grant that is not redeemed',
    'I3',
    /coded/,
    { grants: new Map([['g1', { stage: 'coded' }]]), ...also(entry('refresh', { about: { grant: 'g1', presented: 'r2' }, ...late })) },
  ],
  ['a grant that is gone and was not tried', 'I3', /not tried at a/, { grants: new Map([['g2', { stage: 'ended' }]]) }],
  [
    'tokens without a record',
    'I4',
    /1 × exchange answered well, at most 1 done, and 0 × token.issued/,
    records(granted('g1').filter(({ event }) => event !== 'token.issued')),
  ],
  ['a refresh without a record', 'I4', /0 × token.refreshed/, records(granted('g1').filter(({ event }) => event !== 'token.refreshed'))],
  ['a tool call without a record', 'I4', /0 × tool.allowed/, records(granted('g1').filter(({ event }) => event !== 'tool.allowed'))],
  [
    'a code without a record of the consent',
    'I4',
    /0 × consent.approved/,
    records(granted('g1').filter(({ event }) => event !== 'consent.approved')),
  ],
  ['a revocation without a record', 'I4', /no grant.ended/, records(granted('g1'), granted('g2'))],
  [
    'a record of what nobody did',
    'I4',
    /2 × token.refreshed/,
    records([...granted('g1'), { event: 'token.refreshed', grantId: 'g1', scope, rule: 'test' }]),
  ],
  [
    'a record of a refused request',
    'I4',
    /2 × tool.allowed/,
    {
      ...also(entry('tool', { about: { grant: 'g1' }, status: 401 })),
      ...records([...granted('g1'), { event: 'tool.allowed', grantId: 'g1', tool: 'whoami', rule: 'test' }]),
    },
  ],
  [
    'two records of one code',
    'I4',
    /redeemed 2 times/,
    {
      ...also(entry('exchange', { about: { grant: 'g1', presented: 'c1' }, status: 503 })),
      ...records([...granted('g1'), { event: 'token.issued', grantId: 'g1', scope, rule: 'test' }]),
    },
  ],
  [
    'a record of a grant nobody has',
    'I4',
    /g9 is on record/,
    records([...granted('g1'), { event: 'tool.allowed', grantId: 'g9', tool: 'whoami', rule: 'test' }]),
  ],
  [
    'a record that was changed',
    'I4',
    /row 1 of chain x/,
    { chains: [[{ ...(first as AuditRecord), at: 5 }, ...others], chainOf('y', [...granted('g2'), ended('g2')])] },
  ],
  [
    'a record that was removed',
    'I4',
    /row 3 of chain x/,
    { chains: [[first as AuditRecord, ...others.slice(1)], chainOf('y', [...granted('g2'), ended('g2')])] },
  ],
  ['one person as two users', 'I5', /several users are ana/, { users: [user, { ...user, id: 'u2' }] }],
  ['one subject with two identities', 'I5', /several identities are/, { identities: [identity, { ...identity, id: 'i2' }] }],
  ['one person twice in a tenant', 'I5', /several memberships/, { memberships: [membership, { ...membership, id: 'other' }] }],
  ['a user nobody can become', 'I5', /u3 is nobody's/, { users: [user, { id: 'u3', email: 'bob@demo.example' }] }],
  ['a tool call allowed without the store', 'I6', /could not be read/, also(entry('tool', { about: { grant: 'g1' }, ...during }))],
  [
    'a refresh allowed without the store',
    'I6',
    /could not be read/,
    also(entry('refresh', { about: { grant: 'g1', presented: 'r2' }, given: again, ...during })),
  ],
  [
    'an instance that stays down',
    'I7',
    /through b nobody/,
    { recoveries: [...good.recoveries.slice(0, 1), { instance: 'b', liftedAt: start, signedInAt: null }] },
  ],
  [
    'an instance that comes back too late',
    'I7',
    /took 12000 ms/,
    { recoveries: [...good.recoveries.slice(0, 1), { instance: 'b', liftedAt: start, signedInAt: start + 12_000 }] },
  ],
  ['an instance nobody tried', 'I7', /nobody tried .* b/, { recoveries: good.recoveries.slice(0, 1) }],
  [
    'sockets that stay open',
    'I8',
    /10 sockets before and 16 after/,
    { holdings: [{ name: 'a', before: { sockets: 10 }, after: { sockets: 16 }, allowance: { sockets: 5 } }] },
  ],
  ['a token in a line', 'I9', /digest .* a line of fault/, { lines: [`{"event":"fault","reason":"no such token ${token}"}`] }],
  ['the part of a token that proves it', 'I9', /a line of fault/, { lines: ['{"event":"fault","reason":"unguessable-unguessable"}'] }],
  [
    'a token in the record',
    'I9',
    /the record/,
    records([...granted('g1').slice(0, 3), { event: 'tool.allowed', grantId: 'g1', tool: token, rule: 'test' }]),
  ],
  ['a request that hung', 'I10', /#13 .* lost had not ended/, also(entry('other', { status: null, endedAt: null }))],
  ['a request that took too long', 'I10', /had not ended/, also(entry('other', { endedAt: start + 1_001 }))],
];

describe('the judges of a fault run', () => {
  it('are content with a run in which all is well', () => {
    expect(violations(good)).toEqual([]);
  });

  it.each(forged)('name %s: %s', (_, id, words, change) => {
    const found = violations({ ...good, ...change });
    expect(found.filter((sentence) => sentence.startsWith(`${id} `)).join('\n')).toMatch(words);
  });

  it('are each tried with something forged', () => {
    const tried = new Set(forged.map(([, id]) => id));
    expect(Object.keys(invariants).map((name) => name.split(' ')[0])).toEqual([...tried]);
  });

  it('allow what a lost reply leaves open: the effect on record or not', () => {
    const lost = (kind: Entry['kind'], about: Entry['about']) => entry(kind, { about, status: null });
    const refreshed: AuditEvent = { event: 'token.refreshed', grantId: 'g1', scope, rule: 'test' };
    const entries = also(lost('refresh', { grant: 'g1', presented: 'r2' }), entry('tool', { about: { grant: 'g1' }, status: 503 }));
    expect(violations({ ...good, ...entries })).toEqual([]);
    expect(violations({ ...good, ...entries, ...records([...granted('g1'), refreshed]) })).toEqual([]);
  });
});
