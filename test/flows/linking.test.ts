import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Config } from '../../src/config/schema.ts';
import { assuranceFrom } from '../../src/domain/assurance.ts';
import type { VerifiedIdentity } from '../../src/domain/identity.ts';
import { identityKey } from '../../src/domain/identity.ts';
import { ConnectionId, TenantId, UserId } from '../../src/domain/ids.ts';
import type { TransactionId } from '../../src/domain/ids.ts';
import { Secret } from '../../src/domain/secret.ts';
import { codeOf } from '../../src/domain/token-format.ts';
import { beginLink, leaveApart } from '../../src/flows/begin-link.ts';
import { endUpstreamSession } from '../../src/flows/end-upstream-session.ts';
import { finishJoin, joinAccounts } from '../../src/flows/join-accounts.ts';
import { separateIdentity } from '../../src/flows/separate-identity.ts';
import { LoginRefused } from '../../src/ports/connector.ts';
import { StoreUnavailable } from '../../src/ports/document-engine.ts';
import { grants, secondFactors, users } from '../../src/stores/collections.ts';
import type { FlowWorld } from '../support/flow-world.ts';
import { alice, asked, browser, openFlowWorld, redeem, registered, StubConnector } from '../support/flow-world.ts';
import { hookEngine } from '../support/slow-engine.ts';

const [demo, other] = [ConnectionId.parse('demo'), ConnectionId.parse('other')];

/** The demonstration with another connection, whose people in support alone are in Initech, and people who may join their accounts. */
const configure = (config: Config): Config => ({
  ...config,
  linking: true,
  connections: config.connections.flatMap((connection) => [
    { ...connection, recheck: { afterSeconds: 900, graceSeconds: 3600 } },
    { ...connection, id: other, name: 'Other Company', recheck: { afterSeconds: 900, graceSeconds: 3600 } },
  ]),
  tenants: config.tenants.map((tenant) => ({
    ...tenant,
    rules: tenant.rules.map((rule) => (tenant.id === 'initech' ? { ...rule, connection: other } : rule)),
  })),
});

let latency = 0;
/** How many more writes there are before the process is gone. */
let writes = Number.POSITIVE_INFINITY;
let world: FlowWorld;
let client_id: string;
const changes = new Set(['insert', 'updateIf', 'delete']);
beforeEach(async () => {
  [latency, writes] = [0, Number.POSITIVE_INFINITY];
  world = await openFlowWorld({
    configure,
    wrapEngine: (engine) =>
      hookEngine(engine, async (operation, when) => {
        if (when === 'before' && latency > 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * latency));
        if (when === 'before' && changes.has(operation) && (writes -= 1) < 0) throw new StoreUnavailable('gone');
      }),
  });
  world.connectors.set(other, new StubConnector(other));
  client_id = registered(world);
});
afterEach(() => world.close());

const justNow = (secondsAgo = 5) => assuranceFrom({ auth_time: Math.floor(world.clock.now() / 1000) - secondsAgo }, { acr: [], amr: [] });
/** Ana as she usually signs in, in `eng`; and as the other connection knows her, under the same address. */
const ana = (changed: Partial<VerifiedIdentity> = {}) => alice({ assurance: justNow(), ...changed });
const anaToo = (changed: Partial<VerifiedIdentity> = {}) =>
  alice({ connectionId: other, issuer: 'https://other.example', subject: 'o-1', groups: ['support'], assurance: justNow(), ...changed });

async function signInAs(id: TransactionId, says: VerifiedIdentity | LoginRefused, through = demo): Promise<void> {
  const connector = world.connectors.get(through);
  if (!(connector instanceof StubConnector)) throw new Error('no such connection');
  await world.flows.beginLogin({ id, browser, connectionId: through, purpose: 'sign-in' });
  connector.says = says;
  const answer = new URLSearchParams({ state: connector.attempts.at(-1)?.state ?? '', code: 'c' });
  // Nobody is as old as somebody else.
  world.clock.advance(1);
  await world.flows.complete({ connectionId: through, browser, answer });
}
const start = () => world.flows.begin(asked(client_id), browser);
const stepOf = async (id: TransactionId) => (await world.flows.continue(id, browser)).step;
const userOf = async (who: VerifiedIdentity) => (await world.users.identity(identityKey(who)))?.userId ?? UserId.parse('nobody');
const join = (id: TransactionId, staying = 'first') => joinAccounts(world)(id, browser, staying);
const linked = () => world.events.filter(({ event }) => event === 'identity.linked');

/** Signs in as this one, presses join, and signs in as that one. */
async function both(first = ana(), second = anaToo()): Promise<TransactionId> {
  const id = await start();
  await signInAs(id, first, first.connectionId);
  await beginLink(world)(id, browser);
  await signInAs(id, second, second.connectionId);
  return id;
}

/** What somebody connected before: an app, with tokens. */
async function connected(who: VerifiedIdentity, tenant: string, through = demo) {
  const id = await start();
  await signInAs(id, who, through);
  await approved(id, tenant);
  const stage = (await world.transactions.get(id))?.stage;
  if (stage?.at !== 'approved') throw new Error('not approved');
  await redeem(world, { client_id, id, code: codeOf(stage.grantId, world.sealing.mac).reveal() });
  return stage.grantId;
}
async function approved(id: TransactionId, tenant: string): Promise<void> {
  expect(await world.flows.consent(id, browser, { decision: 'approve', tenant, scope: ['read'] })).toBe('recorded');
}

describe('joining two accounts', () => {
  it('takes a sign-in to both, makes one user of them, and goes on as that one [W64]', async () => {
    const stays = await connected(ana(), 'acme');
    const ends = await connected(anaToo(), 'initech', other);
    const [one, two] = [await userOf(ana()), await userOf(anaToo())];
    expect(one).not.toBe(two);

    const id = await start();
    await signInAs(id, anaToo(), other);
    await beginLink(world)(id, browser);
    const choose = await world.flows.continue(id, browser);
    expect([choose.step.step, choose.offer?.connections.map(({ id: offered }) => offered)]).toEqual(['choose-connection', [demo]]);
    await signInAs(id, ana());
    const attempt = world.connector.attempts.at(-1);
    expect(attempt).toMatchObject({ afresh: true, demand: { maxAge: 600 }, login_hint: null });
    const situation = await world.flows.continue(id, browser);
    expect(situation.step).toMatchObject({ step: 'join', verdict: { verdict: 'join', stays: 'second' } });
    expect(situation.endingApps).toBe(1);
    expect([await userOf(anaToo()), linked()]).toEqual([two, []]);

    await join(id, 'second');
    expect([await userOf(ana()), await userOf(anaToo())]).toEqual([one, one]);
    expect(await world.users.identity(identityKey(anaToo()))).toMatchObject({ heldSince: world.clock.now() });
    expect(linked()).toEqual([
      expect.objectContaining({ userId: one, leftUserId: two, connectionId: other, otherConnectionId: demo, clientId: client_id }),
    ]);
    expect((await world.grants.get(ends))?.endedBecause).toBe('identity linked');
    expect((await world.grants.get(stays))?.stage).toBe('live');
    expect(await world.memberships.ofUser(two)).toEqual([]);
    expect((await world.memberships.get(TenantId.parse('initech'), one))?.roles).toEqual([
      expect.objectContaining({ connectionId: other }),
    ]);
    expect(await world.upstreamSessions.get(identityKey(anaToo()))).toMatchObject({ userId: one });

    expect(await stepOf(id)).toMatchObject({ step: 'consent', stage: { notice: 'joined', person: { userId: one, connectionId: demo } } });
    await approved(id, 'acme');
    expect((await world.grants.ofUser(one)).filter(({ stage }) => stage !== 'ended')).toHaveLength(2);
    expect((await world.grants.ofUser(two)).filter(({ stage }) => stage !== 'ended')).toEqual([]);
  });

  it('goes on with the second sign-in also when it is the one whose user leaves, with the roles it brought', async () => {
    await connected(ana(), 'acme');
    const one = await userOf(ana());
    const id = await both();
    expect(await stepOf(id)).toMatchObject({ verdict: { verdict: 'join', stays: 'first' } });
    await join(id);
    expect(await stepOf(id)).toMatchObject({
      step: 'consent',
      chosen: { tenant: { id: 'initech' } },
      stage: { person: { userId: one, connectionId: other } },
    });
  });

  it('whoever signs in with either afterwards is the same user, with the roles of that connection alone', async () => {
    await join(await both());
    const one = await userOf(ana());
    for (const [who, through, tenants] of [
      [ana(), demo, ['acme', 'globex']],
      [anaToo(), other, ['initech']],
    ] as const) {
      const id = await start();
      await signInAs(id, who, through);
      const { transaction, belongings } = await world.flows.continue(id, browser);
      expect(transaction.stage).toMatchObject({ person: { userId: one } });
      expect(belongings.map(({ tenant }) => tenant.id)).toEqual(tenants);
    }
  });

  it('a leaver at the other connection has nothing there any more and gets none of it by the first [W71]', async () => {
    await join(await both());
    const theirs = await connected(anaToo(), 'initech', other);
    const mine = await connected(ana(), 'acme');
    const id = await start();
    await signInAs(id, anaToo({ groups: [] }), other);
    expect(await stepOf(id)).toMatchObject({ step: 'no-access' });
    expect(await world.authority.standing(theirs)).toBeNull();
    expect(await world.authority.standing(mine)).not.toBeNull();
    const again = await start();
    await signInAs(again, ana());
    expect((await world.flows.continue(again, browser)).belongings.map(({ tenant }) => tenant.id)).not.toContain('initech');
  });

  it('what the identity provider says of a sign-in ends what came through it, for whoever has it now', async () => {
    await join(await both());
    const theirs = await connected(anaToo(), 'initech', other);
    const mine = await connected(ana(), 'acme');
    const { issuer, subject } = anaToo();
    await endUpstreamSession(world)({ connectionId: other, issuer, subject, sid: null, jti: 'j', log: world.log });
    expect([(await world.grants.get(theirs))?.stage, (await world.grants.get(mine))?.stage]).toEqual(['ended', 'live']);
  });
});

describe('a second factor of ours', () => {
  const enrolled = async (id: UserId) => {
    const factor = { enrolment: 'e', version: 1, sealed: 's', lastStep: 1, recovery: [], failures: 0, lockedUntil: 0, enrolledAt: 1 };
    await world.engine.insert(secondFactors, { id, ...factor });
  };

  it('stays with who has it, though younger, and where both have one nothing is joined', async () => {
    await connected(ana(), 'acme');
    await connected(anaToo(), 'initech', other);
    const [one, two] = [await userOf(ana()), await userOf(anaToo())];
    await enrolled(two);
    const id = await both();
    expect(await stepOf(id)).toMatchObject({ verdict: { verdict: 'join', stays: 'second' } });
    await enrolled(one);
    await join(id, 'second');
    expect(await stepOf(id)).toMatchObject({ verdict: { verdict: 'two-factors' } });
    expect(linked()).toEqual([]);
    await world.secondFactors.remove(one);
    await join(id, 'second');
    expect([await userOf(ana()), await userOf(anaToo())]).toEqual([two, two]);
    expect(await world.secondFactors.get(two)).not.toBeNull();
  });
});

describe('an operator who takes them apart', () => {
  const separate = async () => {
    const identity = await world.users.identity(identityKey(anaToo()));
    if (identity === null) throw new Error('no such identity');
    return separateIdentity(world)(identity);
  };

  it('gives the sign-in a user of its own, ends what came through it, and leaves the rest', async () => {
    await join(await both());
    const one = await userOf(ana());
    const theirs = await connected(anaToo(), 'initech', other);
    const mine = await connected(ana(), 'acme');
    const open = await start();
    await signInAs(open, anaToo(), other);
    expect(await separate()).toMatchObject({ separated: true, ended: 1 });
    const apart = await userOf(anaToo());
    expect(apart).not.toBe(one);
    expect([(await world.grants.get(theirs))?.endedBecause, (await world.grants.get(mine))?.stage]).toEqual(['identity separated', 'live']);
    expect((await world.memberships.ofUser(one)).map(({ tenantId }) => tenantId).sort()).toEqual(['acme', 'globex']);
    expect(await stepOf(open)).toMatchObject({ step: 'no-access' });
    expect(world.events.filter(({ event }) => event === 'identity.separated')).toEqual([
      expect.objectContaining({ userId: apart, leftUserId: one, connectionId: other }),
    ]);
    const again = await start();
    await signInAs(again, anaToo(), other);
    expect(await stepOf(again)).toMatchObject({ step: 'consent', stage: { person: { userId: apart } } });
    expect(await separate()).toEqual({ separated: false, userId: apart, ended: 0 });
  });

  it('and is cut off finishes it by doing it again, wherever that was', async () => {
    let isOver = false;
    let points = 0;
    for (let point = 0; !isOver; point += 1) {
      points = point;
      if (point > 30) throw new Error('it never ends');
      const joining = await both();
      const step = await stepOf(joining);
      if (step.step === 'join' && step.verdict.verdict === 'join') await join(joining, step.verdict.stays);
      const user = await userOf(ana());
      const theirs = await connected(anaToo(), 'initech', other);
      writes = point;
      isOver = await separate().then(
        () => true,
        () => false,
      );
      writes = Number.POSITIVE_INFINITY;
      await separate();
      expect(await userOf(anaToo())).not.toBe(user);
      expect((await world.memberships.ofUser(user)).map(({ tenantId }) => tenantId)).not.toContain('initech');
      expect((await world.grants.get(theirs))?.stage).toBe('ended');
    }
    expect(points).toBeGreaterThan(4);
  });
});

describe('nothing is joined', () => {
  const apart = async () => {
    const users = await Promise.all([userOf(ana()), userOf(anaToo())]);
    expect([new Set(users).size, linked()]).toEqual([2, []]);
  };

  it('by somebody who leaves them apart, and goes on as who signed in last', async () => {
    const id = await both();
    await leaveApart(world)(id, browser);
    expect(await stepOf(id)).toMatchObject({ step: 'consent', stage: { person: { connectionId: other } } });
    await join(id);
    await apart();
  });

  it.each(['cancelled', 'unreachable'] as const)('when the other sign-in is %s: whoever was there goes on', async (why) => {
    const id = await start();
    await signInAs(id, anaToo(), other);
    await beginLink(world)(id, browser);
    await signInAs(id, new LoginRefused(why, 'as told'));
    const notice = why === 'cancelled' ? 'link-cancelled' : 'unreachable';
    expect(await stepOf(id)).toMatchObject({ step: 'consent', stage: { notice, person: { connectionId: other } } });
    await join(id, 'second');
    expect(linked()).toEqual([]);
  });

  it('on a first sign-in that was long ago: it is asked for anew, and without one there is only an explanation [W64]', async () => {
    const id = await start();
    await signInAs(id, anaToo({ assurance: justNow(3600) }), other);
    await beginLink(world)(id, browser);
    const step = await stepOf(id);
    if (step.step !== 'prove-more') throw new Error(`not asked for more but ${step.step}`);
    const connector = world.connectors.get(other) as StubConnector;
    const again = async (says: VerifiedIdentity) => {
      await world.flows.beginLogin({ id, browser, connectionId: other, purpose: step.wanted });
      connector.says = says;
      const answer = new URLSearchParams({ state: connector.attempts.at(-1)?.state ?? '', code: 'c' });
      await world.flows.complete({ connectionId: other, browser, answer });
    };
    await again(anaToo({ assurance: justNow(3600) }));
    expect(await stepOf(id)).toMatchObject({ step: 'join', verdict: { verdict: 'not-fresh', half: 'first' } });
    await signInAs(id, ana());
    await join(id);
    await join(id, 'second');
    await apart();
    const anew = await start();
    await signInAs(anew, anaToo({ assurance: justNow(3600) }), other);
    await beginLink(world)(anew, browser);
    expect(await stepOf(anew)).toMatchObject({ step: 'prove-more' });
  });

  it('on a first sign-in that is made anew when it is asked for', async () => {
    const id = await start();
    await signInAs(id, anaToo({ assurance: justNow(3600) }), other);
    await beginLink(world)(id, browser);
    const step = await stepOf(id);
    if (step.step !== 'prove-more') throw new Error(`not asked for more but ${step.step}`);
    const connector = world.connectors.get(other) as StubConnector;
    await world.flows.beginLogin({ id, browser, connectionId: other, purpose: step.wanted });
    connector.says = anaToo();
    const answer = new URLSearchParams({ state: connector.attempts.at(-1)?.state ?? '', code: 'c' });
    await world.flows.complete({ connectionId: other, browser, answer });
    expect(await stepOf(id)).toMatchObject({ step: 'choose-connection', joins: { connectionId: other } });
    await signInAs(id, ana());
    expect(await stepOf(id)).toMatchObject({ step: 'join', verdict: { verdict: 'join' } });
  });

  it('when the second sign-in is of a session left open, or both grew old on the page [W64]', async () => {
    const id = await both(ana(), anaToo({ assurance: justNow(601) }));
    expect(await stepOf(id)).toMatchObject({ step: 'join', verdict: { verdict: 'not-fresh', half: 'second' } });
    await join(id);
    await apart();
    const waiting = await both();
    world.clock.advance(596_000);
    await join(waiting);
    await apart();
  });

  it('for two accounts of one connection, with one address or not, whoever they say they are [W64] [W60]', async () => {
    const id = await start();
    await signInAs(id, ana());
    await beginLink(world)(id, browser);
    await signInAs(id, ana({ subject: 'demo-2' }));
    expect(await stepOf(id)).toMatchObject({ step: 'join', verdict: { verdict: 'same-sign-in' } });
    await join(id);
    expect(linked()).toEqual([]);
    await leaveApart(world)(id, browser);
    expect(await stepOf(id)).toMatchObject({ step: 'consent', stage: { person: { userId: await userOf(ana({ subject: 'demo-2' })) } } });
  });

  it('for an account whose connection the other has one of already', async () => {
    await join(await both());
    const second = anaToo({ subject: 'o-2' });
    const id = await both(ana(), second);
    expect(await stepOf(id)).toMatchObject({ verdict: { verdict: 'same-sign-in' } });
    await join(id);
    expect(await userOf(second)).not.toBe(await userOf(ana()));
  });

  it('a second time: they are joined already, and what one sign-in proved is not taken for the other’s', async () => {
    await join(await both());
    const id = await both();
    expect(await stepOf(id)).toMatchObject({
      step: 'join',
      verdict: { verdict: 'joined-already' },
      stage: { person: { asked: { mfa: false } } },
    });
    await leaveApart(world)(id, browser);
    expect(await stepOf(id)).toMatchObject({ step: 'consent' });
    expect(linked()).toHaveLength(1);
  });

  it('where one of them was disabled, signed out or joined elsewhere while the page was open', async () => {
    const id = await both();
    await world.engine.updateIf(users, await userOf(ana()), {}, { set: { status: 'disabled' } }, 'after');
    expect(await stepOf(id)).toMatchObject({ verdict: { verdict: 'changed' } });
    await join(id);
    await apart();
  });

  it('where the identity provider of the first has said meanwhile that it is over', async () => {
    const id = await both(ana({ session: { refresh_token: new Secret('r'), sid: null } }));
    const { issuer, subject } = ana();
    await endUpstreamSession(world)({ connectionId: demo, issuer, subject, sid: null, jti: 'j', log: world.log });
    await expect(join(id)).rejects.toMatchObject({ kind: 'expired' });
    await apart();
  });

  it('at the address of a tenant that only the one connection leads into', async () => {
    const id = await world.flows.begin(asked(client_id, { resource: 'http://localhost:4000/t/initech/mcp' }), browser);
    await signInAs(id, anaToo(), other);
    await expect(beginLink(world)(id, browser)).rejects.toMatchObject({ kind: 'not-found' });
    expect(await stepOf(id)).toMatchObject({ step: 'consent' });
  });

  it('where the page said that somebody else stays', async () => {
    const id = await both();
    await join(id, 'second');
    await apart();
    await join(id, 'nobody');
    await apart();
  });
});

describe('at the same time', () => {
  it('of any number of presses one decides, and what is there in the end is the same [W64]', async () => {
    for (let round = 0; round < 25; round += 1) {
      const [first, second] = [ana({ subject: `a${round}` }), anaToo({ subject: `o${round}` })];
      latency = 0;
      await connected(second, 'initech', other);
      const id = await both(first, second);
      const step = await stepOf(id);
      if (step.step !== 'join' || step.verdict.verdict !== 'join') throw new Error('not to be joined');
      const { stays } = step.verdict;
      const before = linked().length;
      latency = 4;
      await Promise.all([
        join(id, stays),
        join(id, stays),
        join(id, stays),
        leaveApart(world)(id, browser),
        finishJoin(world)(id, browser),
      ]);
      latency = 0;
      const [one, two] = [await userOf(first), await userOf(second)];
      expect([one === two ? 'joined' : 'apart', linked().length - before]).toEqual(one === two ? ['joined', 1] : ['apart', 0]);
      const live = (await world.engine.page(grants, { limit: 1000 })).filter((row) => row['stage'] === 'live');
      expect(live).toHaveLength(one === two ? 0 : 1);
      for (const grant of live) await world.grants.end(grant.id as never, 'over');
    }
  });

  it('two accounts of one connection, joined with the same user in two browsers, leave that user with one of them', async () => {
    for (let round = 0; round < 20; round += 1) {
      latency = 0;
      const usual = ana({ subject: `a${round}` });
      const [one, two] = [anaToo({ subject: `x${round}` }), anaToo({ subject: `y${round}` })];
      const ids = [await both(usual, one), await both(usual, two)];
      latency = 6;
      await Promise.allSettled(ids.map((id) => join(id)));
      latency = 0;
      const user = await userOf(usual);
      const held = (await world.users.identitiesOf(user)).map(({ connectionId }) => connectionId).sort();
      expect(held).toEqual(['demo', 'other']);
      expect(new Set([await userOf(one), await userOf(two)]).size).toBe(2);
      expect(await world.users.get(user)).not.toHaveProperty('reservedBy');
    }
  });

  it('a transaction of the one who leaves, open in another tab, makes no grant any more', async () => {
    const id = await both();
    const open = await start();
    await signInAs(open, anaToo(), other);
    expect(await stepOf(open)).toMatchObject({ step: 'consent' });
    await join(id);
    expect(await world.flows.consent(open, browser, { decision: 'approve', tenant: 'initech', scope: ['read'] })).toBe('ask-again');
    expect(await stepOf(open)).toMatchObject({ step: 'no-access' });
    expect((await world.engine.page(grants)).map((row) => row['userId'])).toEqual([]);
  });

  it('sign-ins with the identity that changes hands leave no role and no working grant with who left', async () => {
    for (let round = 0; round < 20; round += 1) {
      const [first, second] = [ana({ subject: `a${round}` }), anaToo({ subject: `o${round}` })];
      latency = 0;
      const id = await both(first, second);
      const left = await userOf(second);
      const tabs = [await start(), await start(), await start()];
      const connector = world.connectors.get(other) as StubConnector;
      connector.says = second;
      const states: string[] = [];
      for (const tab of tabs) {
        await world.flows.beginLogin({ id: tab, browser, connectionId: other, purpose: 'sign-in' });
        states.push(connector.attempts.at(-1)?.state ?? '');
      }
      latency = 6;
      await Promise.all([
        join(id),
        ...states.map((state) => world.flows.complete({ connectionId: other, browser, answer: new URLSearchParams({ state, code: 'c' }) })),
      ]);
      latency = 0;
      expect(await userOf(second)).toBe(await userOf(first));
      expect(await world.memberships.ofUser(left)).toEqual([]);
      for (const tab of tabs) {
        const { stage } = (await world.transactions.get(tab)) ?? {};
        await world.flows.consent(tab, browser, { decision: 'approve', tenant: 'initech', scope: ['read'] });
        if (stage?.at === 'consenting' && stage.person.userId === left) expect(await stepOf(tab)).toMatchObject({ step: 'no-access' });
      }
      for (const row of await world.engine.find(grants, 'userId', left)) expect(await world.authority.standing(row.id as never)).toBeNull();
    }
  });
});

describe('a process that is gone in the middle', () => {
  it('wherever it was, the page loaded again finishes what was decided, and nobody has both meanwhile', async () => {
    let isOver = false;
    let points = 0;
    for (let point = 0; !isOver; point += 1) {
      points = point;
      const [first, second] = [ana({ subject: `a${point}` }), anaToo({ subject: `o${point}` })];
      await connected(second, 'initech', other);
      const ends = await connected(first, 'acme');
      const id = await both(first, second);
      const [one, two] = [await userOf(first), await userOf(second)];
      const stays = (await stepOf(id)) as { verdict: { stays: 'first' | 'second' } };
      expect(stays.verdict.stays).toBe('second');
      writes = point;
      isOver = await join(id, 'second').then(
        () => true,
        () => false,
      );
      writes = Number.POSITIVE_INFINITY;
      const decided = (await world.transactions.get(id))?.stage.at !== 'consenting' || isOver;
      if (!decided) {
        expect([await userOf(first), linked().some(({ userId }) => userId === two)]).toEqual([one, false]);
        await join(id, 'second');
      }
      const step = await stepOf(id);
      if (step.step === 'finish-join') await finishJoin(world)(id, browser);
      expect([await userOf(first), await userOf(second)]).toEqual([two, two]);
      expect(await world.memberships.ofUser(one)).toEqual([]);
      expect((await world.memberships.ofUser(two)).map(({ tenantId }) => tenantId).sort()).toEqual(['acme', 'globex', 'initech']);
      expect((await world.grants.get(ends))?.stage).toBe('ended');
      expect(linked().filter(({ userId }) => userId === two).length).toBeGreaterThan(0);
      expect(await stepOf(id)).toMatchObject({ step: 'consent', stage: { notice: 'joined' } });
      if (point > 60) throw new Error('it never ends');
    }
    expect(points).toBeGreaterThan(10);
  });
});
