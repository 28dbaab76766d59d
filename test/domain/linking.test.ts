import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { assuranceFrom } from '../../src/domain/assurance.ts';
import { noDemand } from '../../src/domain/assurance-demand.ts';
import { ConnectionId, GrantId, TransactionId, UserId } from '../../src/domain/ids.ts';
import type { Half, LinkFacts, Linking } from '../../src/domain/linking.ts';
import { cameThrough, handoverOf, judgeLink, linkingAfter, whoStays } from '../../src/domain/linking.ts';
import { awaitsOther, freshSignIn, nextStep } from '../../src/domain/next-step.ts';
import type { Person } from '../../src/domain/person.ts';
import type { FrozenRequest, Stage, StageAt } from '../../src/domain/transaction.ts';
import { afterFailedTrip } from '../../src/domain/transaction.ts';
import { nothingProven } from '../support/assurance.ts';
import { makeResource } from '../support/gateway-world.ts';
import { makeGrant } from '../support/grant.ts';

const now = 1_700_000_000_000;
const [okta, google, entra] = ['okta', 'google', 'entra'].map((id) => ConnectionId.parse(id)) as [ConnectionId, ConnectionId, ConnectionId];
const [one, other] = [UserId.parse('u_1'), UserId.parse('u_2')];

const half = (userId: UserId, connectionId: ConnectionId, changed: Partial<Half> = {}): Half => ({
  userId,
  createdAt: 7,
  connectionId,
  connections: [connectionId],
  hasFactor: false,
  ...changed,
});

describe('who stays when two accounts are joined', () => {
  const joins = (stays: 'first' | 'second') => ({ verdict: 'join', stays });
  it.each<[string, Partial<Half>, Partial<Half>, object]>([
    ['the older one', { createdAt: 1 }, { createdAt: 2 }, joins('first')],
    ['the older one, whichever was first here', { createdAt: 2 }, { createdAt: 1 }, joins('second')],
    ['of two made in one moment always the same', {}, {}, joins('first')],
    ['who has a second factor of ours, though younger', { createdAt: 1 }, { createdAt: 2, hasFactor: true }, joins('second')],
    ['who has a second factor of ours and is older', { createdAt: 1, hasFactor: true }, { createdAt: 2 }, joins('first')],
    ['neither of two who both have one', { hasFactor: true }, { hasFactor: true }, { verdict: 'two-factors' }],
    ['who has other sign-ins already, though younger', { createdAt: 1 }, { createdAt: 2, connections: [google, entra] }, joins('second')],
    [
      'neither where both have something that cannot be left',
      { hasFactor: true },
      { connections: [google, entra] },
      { verdict: 'two-joined' },
    ],
    ['nobody where they are one already', {}, { userId: one, connections: [okta, google] }, { verdict: 'joined-already' }],
    ['nobody where both came through one connection', {}, { connectionId: okta, connections: [okta] }, { verdict: 'same-sign-in' }],
    ['nobody where one has an account at the connection of the other', {}, { connections: [google, okta] }, { verdict: 'same-sign-in' }],
  ])('%s', (_, first, second, expected) => {
    expect(whoStays(half(one, okta, first), half(other, google, second))).toEqual(expected);
  });

  it('the order of the two sign-ins decides nothing', () => {
    const facts = fc.record({ createdAt: fc.nat(3), hasFactor: fc.boolean(), hasMore: fc.boolean() });
    fc.assert(
      fc.property(facts, facts, (a, b) => {
        const first = half(one, okta, { ...a, connections: a.hasMore ? [okta, entra] : [okta] });
        const second = half(other, google, { ...b, connections: b.hasMore ? [google, ConnectionId.parse('beta')] : [google] });
        const [here, there] = [whoStays(first, second), whoStays(second, first)];
        if (here.verdict !== 'join' || there.verdict !== 'join') return expect(here).toEqual(there);
        expect(here.stays).not.toBe(there.stays);
        // Nobody leaves a factor or another sign-in behind.
        const leaving = here.stays === 'first' ? second : first;
        return expect([leaving.hasFactor, leaving.connections.length]).toEqual([false, 1]);
      }),
    );
  });
});

const at = (secondsAgo: number | null) =>
  secondsAgo === null ? nothingProven : assuranceFrom({ auth_time: now / 1000 - secondsAgo }, { acr: [], amr: [] });
const person = (userId: UserId, connectionId: ConnectionId, changed: Partial<Person> = {}): Person => ({
  userId,
  connectionId,
  name: null,
  email: 'the.same@everywhere.example',
  assurance: at(5),
  identityId: `${connectionId} identity`,
  asked: noDemand,
  ...changed,
});
const [ana, anaToo] = [person(one, okta), person(other, google)];
const facts: LinkFacts = { first: half(one, okta), second: half(other, google) };

describe('two sign-ins that are to be joined', () => {
  it.each<[string, Partial<Person>, Partial<Person>, LinkFacts, object]>([
    ['both of just now', {}, {}, facts, { verdict: 'join' }],
    ['the first ten minutes ago', { assurance: at(600) }, {}, facts, { verdict: 'join' }],
    ['the first longer ago', { assurance: at(601) }, {}, facts, { verdict: 'not-fresh', half: 'first' }],
    ['the second longer ago', {}, { assurance: at(601) }, facts, { verdict: 'not-fresh', half: 'second' }],
    ['the second without a word when', {}, { assurance: at(null) }, facts, { verdict: 'not-fresh', half: 'second' }],
    [
      'the second when asked for a fresh one, which says nothing of when',
      {},
      { assurance: at(null), afresh: 'answered' },
      facts,
      { verdict: 'not-fresh', half: 'second' },
    ],
    ['long ago, though asked for a fresh one', {}, { assurance: at(601), afresh: 'answered' }, facts, { verdict: 'not-fresh' }],
    ['one that is not that user’s any more', {}, {}, { ...facts, first: null }, { verdict: 'changed' }],
  ])('%s [W64]', (_, first, second, halves, expected) => {
    expect(judgeLink({ ...ana, ...first }, { ...anaToo, ...second }, halves, now)).toMatchObject(expected);
  });

  it('the identity of who leaves becomes that of who stays, and none of before it was kept', () => {
    const toFirst = { identityId: 'google identity', connectionId: google, from: other, to: one };
    expect(handoverOf(ana, anaToo, 'first')).toEqual(toFirst);
    expect(handoverOf(ana, anaToo, 'second')).toEqual({ identityId: 'okta identity', connectionId: okta, from: one, to: other });
    const { identityId: _, ...before } = anaToo;
    expect(handoverOf(ana, before, 'first')).toBeNull();
  });

  it('what came through one is told by its identity, and of before by its connection', () => {
    const through = { identityId: 'x', connectionId: google };
    const grants = [
      makeGrant({ connectionId: google, identityId: 'x' }),
      makeGrant({ connectionId: google, identityId: 'y' }),
      makeGrant({ connectionId: google, id: GrantId.parse('o'.repeat(22)) }),
      makeGrant({ connectionId: okta }),
    ];
    expect(grants.map((grant) => cameThrough(grant, through))).toEqual([true, false, true, false]);
  });
});

describe('what comes next while accounts are joined', () => {
  const consenting = (who: Person, linking?: Linking): StageAt<'consenting'> => ({
    at: 'consenting',
    person: who,
    tenantId: null,
    notice: null,
    ...(linking === undefined ? {} : { linking }),
  });
  const first: Linking = { half: 'first' };
  const next = (stage: Stage, link?: LinkFacts) =>
    nextStep(
      {
        id: TransactionId.parse('t'.repeat(22)),
        version: 1,
        browser: 'b',
        request: { scope: ['notes:read'], demand: noDemand } as unknown as FrozenRequest,
        stage,
        createdAt: 0,
        expiresAt: 1,
      },
      { belongings: [], resource: makeResource('http://x', 'http://y'), now, ...(link === undefined ? {} : { link }) },
    );
  const old = { ...ana, assurance: at(3600) };

  it.each<[string, Stage, object]>([
    ['the other sign-in, where the first is of just now', consenting(ana, first), { step: 'choose-connection', joins: ana }],
    ['a fresh one of the first, where it is not', consenting(old, first), { step: 'prove-more', wanted: freshSignIn }],
    [
      'words, where none came',
      consenting({ ...old, afresh: 'failed' }, first),
      { step: 'join', verdict: { verdict: 'not-fresh', half: 'first' } },
    ],
    ['what it would do, once both are there', consenting(anaToo, { half: 'second', first: ana }), { step: 'join' }],
    [
      'the other sign-in again, where its trip brought nothing',
      { at: 'upstream', connectionId: google, attempt: '', stateDigest: '', previous: consenting(ana, first) },
      { step: 'choose-connection', joins: ana },
    ],
    ['what was decided', { at: 'joining', person: ana, handover: {} as never, otherConnectionId: okta }, { step: 'finish-join' }],
  ])('%s', (_, stage, expected) => {
    expect(next(stage, facts)).toMatchObject(expected);
  });

  it('nothing is joined without the facts', () => {
    const stage = consenting(anaToo, { half: 'second', first: ana });
    expect(next(stage)).toMatchObject({ step: 'join', verdict: { verdict: 'changed' } });
  });

  it('a sign-in with the same account stays the first half, one with another is the second, and any other trip is none', () => {
    const before = consenting(ana, first);
    expect(linkingAfter(before, { ...ana, name: 'Ana' })).toEqual({ linking: first });
    expect(linkingAfter(before, anaToo)).toEqual({ linking: { half: 'second', first: ana } });
    expect(linkingAfter(before, { ...anaToo, userId: one })).toEqual({ linking: { half: 'second', first: ana } });
    expect([linkingAfter(consenting(ana), anaToo), linkingAfter(null, anaToo)]).toEqual([{}, {}]);
    expect(linkingAfter(consenting(anaToo, { half: 'second', first: ana }), person(one, entra))).toEqual({});
  });

  it('a trip that fails joins nothing and leads back to who was there', () => {
    const trip = { demand: noDemand, optional: true, afresh: true };
    const before = { ...consenting(ana, first), tenantId: null };
    expect(afterFailedTrip(before, 'cancelled', trip)).toEqual({ ...consenting(ana), notice: 'link-cancelled' });
    expect(afterFailedTrip(before, 'unreachable', trip)).toEqual({ ...consenting(ana), notice: 'unreachable' });
  });

  it('the other sign-in is awaited only by a first half that is fresh', () => {
    expect(awaitsOther(consenting(ana, first), now)?.person).toBe(ana);
    for (const stage of [consenting(old, first), consenting(ana), consenting(anaToo, { half: 'second', first: ana })])
      expect(awaitsOther(stage, now)).toBeNull();
  });
});
