import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { identityKey } from '../../src/domain/identity.ts';
import { RoleId, TenantId } from '../../src/domain/ids.ts';
import { leaveApart } from '../../src/flows/begin-link.ts';
import { completeLogin } from '../../src/flows/complete-login.ts';
import { finishJoin, joinAccounts } from '../../src/flows/join-accounts.ts';
import { separateIdentity } from '../../src/flows/separate-identity.ts';
import { grants } from '../../src/stores/collections.ts';
import { rolesNow } from '../support/roles-now.ts';
import type { FlowWorld } from '../support/flow-world.ts';
import { browser, StubConnector } from '../support/flow-world.ts';
import { makeGrant } from '../support/grant.ts';
import type { LinkingLab } from '../support/linking-lab.ts';
import { openLinkingLab, other } from '../support/linking-lab.ts';

const initech = TenantId.parse('initech');

let lab: LinkingLab;
beforeEach(async () => {
  lab = await openLinkingLab();
});
afterEach(() => lab.world.close());

const place = () => ({ engine: lab.world.engine, tenants: lab.world.directory.tenants, now: lab.world.clock.now() });

describe('joining two accounts at the same time', () => {
  it('of any number of presses one decides, and what is there in the end is the same [W64]', async () => {
    for (let round = 0; round < 25; round += 1) {
      const [first, second] = [lab.ana({ subject: `a${round}` }), lab.anaToo({ subject: `o${round}` })];
      lab.latency = 0;
      await lab.connected(second, 'initech', other);
      const id = await lab.both(first, second);
      const step = await lab.stepOf(id);
      if (step.step !== 'join' || step.verdict.verdict !== 'join') throw new Error('not to be joined');
      const { stays } = step.verdict;
      const before = lab.linked().length;
      lab.latency = 4;
      await Promise.all([
        lab.join(id, stays),
        lab.join(id, stays),
        lab.join(id, stays),
        leaveApart(lab.world)(id, browser),
        finishJoin(lab.world)(id, browser),
      ]);
      lab.latency = 0;
      const [one, two] = [await lab.userOf(first), await lab.userOf(second)];
      expect([one === two ? 'joined' : 'apart', lab.linked().length - before]).toEqual(one === two ? ['joined', 1] : ['apart', 0]);
      const live = (await lab.world.engine.page(grants, { limit: 1000 })).filter((row) => row['stage'] === 'live');
      expect(live).toHaveLength(one === two ? 0 : 1);
      for (const grant of live) await lab.world.grants.end(grant.id as never, 'over');
    }
  });

  it('two accounts of one connection, joined with the same user in two browsers, leave that user with one of them', async () => {
    for (let round = 0; round < 20; round += 1) {
      lab.latency = 0;
      const usual = lab.ana({ subject: `a${round}` });
      const [one, two] = [lab.anaToo({ subject: `x${round}` }), lab.anaToo({ subject: `y${round}` })];
      const ids = [await lab.both(usual, one), await lab.both(usual, two)];
      lab.latency = 6;
      await Promise.allSettled(ids.map((id) => lab.join(id)));
      lab.latency = 0;
      const user = await lab.userOf(usual);
      const held = (await lab.world.users.identitiesOf(user)).map(({ connectionId }) => connectionId).sort();
      expect(held).toEqual(['demo', 'other']);
      expect(new Set([await lab.userOf(one), await lab.userOf(two)]).size).toBe(2);
      expect(await lab.world.users.get(user)).not.toHaveProperty('reservedBy');
    }
  });

  it('whoever is overtaken between looking and deciding looks again', async () => {
    const usual = lab.ana();
    const [one, two] = [lab.anaToo({ subject: 'x' }), lab.anaToo({ subject: 'y' })];
    const [first, second] = [await lab.both(usual, one), await lab.both(usual, two)];
    let isOvertaken = false;
    const reserve: FlowWorld['users']['reserve'] = async (...given) => {
      if (!isOvertaken) await lab.join(first);
      isOvertaken = true;
      return lab.world.users.reserve(...given);
    };
    await joinAccounts({ ...lab.world, users: { ...lab.world.users, reserve } })(second, browser, 'first');
    expect(await lab.userOf(one)).toBe(await lab.userOf(usual));
    expect(await lab.userOf(two)).not.toBe(await lab.userOf(usual));
    expect(await lab.stepOf(second)).toMatchObject({ verdict: { verdict: 'same-sign-in' } });
  });

  it('a transaction of the one who leaves, open in another tab, makes no grant any more', async () => {
    const id = await lab.both();
    const open = await lab.start();
    await lab.signInAs(open, lab.anaToo(), other);
    expect(await lab.stepOf(open)).toMatchObject({ step: 'consent' });
    await lab.join(id);
    expect(await lab.world.flows.consent(open, browser, { decision: 'approve', tenant: 'initech', scope: ['read'] })).toBe('ask-again');
    expect(await lab.stepOf(open)).toMatchObject({ step: 'no-access' });
    expect((await lab.world.engine.page(grants)).map((row) => row['userId'])).toEqual([]);
  });

  const back = [{ role: RoleId.parse('viewer'), connectionId: other, rule: 'r', source: 'assigned' as const }];

  it('and would make none if a role had come back: whose the sign-in is, its own row says', async () => {
    const id = await lab.both();
    const left = await lab.userOf(lab.anaToo());
    const open = await lab.start();
    await lab.signInAs(open, lab.anaToo(), other);
    await lab.join(id);
    await lab.world.memberships.resync(initech, left, other, back);
    expect(await lab.stepOf(open)).toMatchObject({ step: 'no-access' });
    expect(await lab.world.flows.consent(open, browser, { decision: 'approve', tenant: 'initech', scope: ['read'] })).toBe('ask-again');
    expect(await lab.world.engine.page(grants)).toEqual([]);
  });

  it('a sign-in that is settled while its identity changes hands is that of the new owner', async () => {
    const id = await lab.both();
    const left = await lab.userOf(lab.anaToo());
    const tab = await lab.start();
    const connector = lab.world.connectors.get(other) as StubConnector;
    await lab.world.flows.beginLogin({ id: tab, browser, connectionId: other, purpose: 'sign-in' });
    const answer = new URLSearchParams({ state: connector.attempts.at(-1)?.state ?? '', code: 'c' });
    let isOvertaken = false;
    const ofUser: FlowWorld['memberships']['ofUser'] = async (userId) => {
      const held = await lab.world.memberships.ofUser(userId);
      if (!isOvertaken) await lab.join(id);
      isOvertaken = true;
      return held;
    };
    const parts = { ...lab.world, memberships: { ...lab.world.memberships, ofUser } };
    await completeLogin(parts)({ connectionId: other, browser, answer, log: lab.world.log });
    const owner = await lab.userOf(lab.ana());
    expect((await lab.world.transactions.get(tab))?.stage).toMatchObject({ at: 'consenting', person: { userId: owner } });
    expect(await rolesNow(place(), left)).toEqual({});
    expect((await rolesNow(place(), owner))['initech']).toEqual(['viewer@other']);
  });

  it('what a sign-in and a consent of the moment before put back is taken once more', async () => {
    const id = await lab.both();
    const left = await lab.userOf(lab.anaToo());
    const late = makeGrant({ stage: 'coded', userId: left, connectionId: other, identityId: identityKey(lab.anaToo()) });
    const handOver: FlowWorld['users']['handOver'] = async (...given) => {
      await lab.world.memberships.resync(initech, left, other, back);
      await lab.world.grants.add(late);
      return lab.world.users.handOver(...given);
    };
    await joinAccounts({ ...lab.world, users: { ...lab.world.users, handOver } })(id, browser, 'first');
    expect(await lab.world.memberships.ofUser(left)).toEqual([]);
    expect((await lab.world.grants.get(late.id))?.endedBecause).toBe('identity linked');
  });

  it('sign-ins with the identity that changes hands leave no role and no working grant with who left', async () => {
    for (let round = 0; round < 20; round += 1) {
      const [first, second] = [lab.ana({ subject: `a${round}` }), lab.anaToo({ subject: `o${round}` })];
      lab.latency = 0;
      const id = await lab.both(first, second);
      const left = await lab.userOf(second);
      const tabs = [await lab.start(), await lab.start(), await lab.start()];
      const connector = lab.world.connectors.get(other) as StubConnector;
      connector.says = second;
      const states: string[] = [];
      for (const tab of tabs) {
        await lab.world.flows.beginLogin({ id: tab, browser, connectionId: other, purpose: 'sign-in' });
        states.push(connector.attempts.at(-1)?.state ?? '');
      }
      lab.latency = 6;
      await Promise.all([
        lab.join(id),
        ...states.map((state) =>
          lab.world.flows.complete({ connectionId: other, browser, answer: new URLSearchParams({ state, code: 'c' }) }),
        ),
      ]);
      lab.latency = 0;
      expect(await lab.userOf(second)).toBe(await lab.userOf(first));
      expect(await rolesNow(place(), left)).toEqual({});
      for (const tab of tabs) {
        const { stage } = (await lab.world.transactions.get(tab)) ?? {};
        await lab.world.flows.consent(tab, browser, { decision: 'approve', tenant: 'initech', scope: ['read'] });
        if (stage?.at === 'consenting' && stage.person.userId === left) expect(await lab.stepOf(tab)).toMatchObject({ step: 'no-access' });
      }
      for (const row of await lab.world.engine.find(grants, 'userId', left))
        expect(await lab.world.authority.standing(row.id as never)).toBeNull();
    }
  });
});

describe('a process that is gone in the middle', () => {
  it('wherever it was, the page loaded again finishes what was decided, and nobody has both meanwhile', async () => {
    let isOver = false;
    let points = 0;
    for (let point = 0; !isOver; point += 1) {
      points = point;
      const [first, second] = [lab.ana({ subject: `a${point}` }), lab.anaToo({ subject: `o${point}` })];
      await lab.connected(second, 'initech', other);
      const ends = await lab.connected(first, 'acme');
      const id = await lab.both(first, second);
      const [one, two] = [await lab.userOf(first), await lab.userOf(second)];
      const stays = (await lab.stepOf(id)) as { verdict: { stays: 'first' | 'second' } };
      expect(stays.verdict.stays).toBe('second');
      lab.writes = point;
      isOver = await lab.join(id, 'second').then(
        () => true,
        () => false,
      );
      lab.writes = Number.POSITIVE_INFINITY;
      const decided = (await lab.world.transactions.get(id))?.stage.at !== 'consenting' || isOver;
      if (!decided) {
        expect([await lab.userOf(first), lab.linked().some(({ userId }) => userId === two)]).toEqual([one, false]);
        await lab.join(id, 'second');
      }
      const step = await lab.stepOf(id);
      if (step.step === 'finish-join') await finishJoin(lab.world)(id, browser);
      expect([await lab.userOf(first), await lab.userOf(second)]).toEqual([two, two]);
      expect(await rolesNow(place(), one)).toEqual({});
      expect(Object.keys(await rolesNow(place(), two)).sort()).toEqual(['acme', 'globex', 'initech']);
      expect((await lab.world.grants.get(ends))?.stage).toBe('ended');
      expect(lab.linked().filter(({ userId }) => userId === two).length).toBeGreaterThan(0);
      expect(await lab.stepOf(id)).toMatchObject({ step: 'consent', stage: { notice: 'joined' } });
      if (point > 60) throw new Error('it never ends');
    }
    expect(points).toBeGreaterThan(10);
  });
});

describe('an operator who takes them apart', () => {
  const separate = async () => {
    const identity = await lab.world.users.identity(identityKey(lab.anaToo()));
    if (identity === null) throw new Error('no such identity');
    return separateIdentity(lab.world)(identity);
  };

  it('gives the sign-in a user of its own, ends what came through it, and leaves the rest', async () => {
    await lab.join(await lab.both());
    const one = await lab.userOf(lab.ana());
    const theirs = await lab.connected(lab.anaToo(), 'initech', other);
    const mine = await lab.connected(lab.ana(), 'acme');
    const open = await lab.start();
    await lab.signInAs(open, lab.anaToo(), other);
    expect(await separate()).toMatchObject({ separated: true, ended: 1 });
    const apart = await lab.userOf(lab.anaToo());
    expect(apart).not.toBe(one);
    expect([(await lab.world.grants.get(theirs))?.endedBecause, (await lab.world.grants.get(mine))?.stage]).toEqual([
      'identity separated',
      'live',
    ]);
    expect(Object.keys(await rolesNow(place(), one)).sort()).toEqual(['acme', 'globex']);
    expect(await lab.stepOf(open)).toMatchObject({ step: 'no-access' });
    expect(lab.world.events.filter(({ event }) => event === 'identity.separated')).toEqual([
      expect.objectContaining({ userId: apart, leftUserId: one, connectionId: other }),
    ]);
    const again = await lab.start();
    await lab.signInAs(again, lab.anaToo(), other);
    expect(await lab.stepOf(again)).toMatchObject({ step: 'consent', stage: { person: { userId: apart } } });
    expect(await separate()).toEqual({ separated: false, userId: apart, ended: 0 });
  });

  it('and is cut off finishes it by doing it again, wherever that was', async () => {
    let isOver = false;
    let points = 0;
    for (let point = 0; !isOver; point += 1) {
      points = point;
      if (point > 30) throw new Error('it never ends');
      const joining = await lab.both();
      const step = await lab.stepOf(joining);
      if (step.step === 'join' && step.verdict.verdict === 'join') await lab.join(joining, step.verdict.stays);
      const user = await lab.userOf(lab.ana());
      const theirs = await lab.connected(lab.anaToo(), 'initech', other);
      lab.writes = point;
      isOver = await separate().then(
        () => true,
        () => false,
      );
      lab.writes = Number.POSITIVE_INFINITY;
      await separate();
      expect(await lab.userOf(lab.anaToo())).not.toBe(user);
      expect(Object.keys(await rolesNow(place(), user))).not.toContain('initech');
      expect((await lab.world.grants.get(theirs))?.stage).toBe('ended');
    }
    expect(points).toBeGreaterThan(4);
  });
});
