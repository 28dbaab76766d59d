import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { rolesNow } from '../support/roles-now.ts';
import type { VerifiedIdentity } from '../../src/domain/identity.ts';
import { identityKey } from '../../src/domain/identity.ts';
import { UserId } from '../../src/domain/ids.ts';
import { Secret } from '../../src/domain/secret.ts';
import { beginLink, leaveApart } from '../../src/flows/begin-link.ts';
import { endUpstreamSession } from '../../src/flows/end-upstream-session.ts';
import { LoginRefused } from '../../src/ports/connector.ts';
import { secondFactors, users } from '../../src/stores/collections.ts';
import { asked, browser, signIn, StubConnector } from '../support/flow-world.ts';
import type { LinkingLab } from '../support/linking-lab.ts';
import { demo, openLinkingLab, other } from '../support/linking-lab.ts';

let lab: LinkingLab;
beforeEach(async () => {
  lab = await openLinkingLab();
});
afterEach(() => lab.world.close());

describe('joining two accounts', () => {
  it('takes a sign-in to both, makes one user of them, and goes on as that one [W64]', async () => {
    const stays = await lab.connected(lab.ana(), 'acme');
    const ends = await lab.connected(lab.anaToo(), 'initech', other);
    const [one, two] = [await lab.userOf(lab.ana()), await lab.userOf(lab.anaToo())];
    expect(one).not.toBe(two);

    const id = await lab.start();
    await lab.signInAs(id, lab.anaToo(), other);
    await beginLink(lab.world)(id, browser);
    const choose = await lab.world.flows.continue(id, browser);
    expect([choose.step.step, choose.offer?.connections.map(({ id: offered }) => offered)]).toEqual(['choose-connection', [demo]]);
    await lab.signInAs(id, lab.ana());
    const attempt = lab.world.connector.attempts.at(-1);
    expect(attempt).toMatchObject({ afresh: true, demand: { maxAge: 600 }, login_hint: null });
    const situation = await lab.world.flows.continue(id, browser);
    expect(situation.step).toMatchObject({ step: 'join', verdict: { verdict: 'join', stays: 'second' } });
    expect(situation.endingApps).toBe(1);
    expect([await lab.userOf(lab.anaToo()), lab.linked()]).toEqual([two, []]);

    await lab.join(id, 'second');
    expect([await lab.userOf(lab.ana()), await lab.userOf(lab.anaToo())]).toEqual([one, one]);
    expect(await lab.world.users.identity(identityKey(lab.anaToo()))).toMatchObject({ heldSince: lab.world.clock.now() });
    expect(lab.linked()).toEqual([
      expect.objectContaining({ userId: one, leftUserId: two, connectionId: other, otherConnectionId: demo, clientId: lab.client_id }),
    ]);
    expect((await lab.world.grants.get(ends))?.endedBecause).toBe('identity linked');
    expect((await lab.world.grants.get(stays))?.stage).toBe('live');
    const place = { engine: lab.world.engine, tenants: lab.world.directory.tenants, now: lab.world.clock.now() };
    expect(await rolesNow(place, two)).toEqual({});
    expect((await rolesNow(place, one))['initech']).toEqual(['viewer@other']);
    expect(await lab.world.upstreamSessions.get(identityKey(lab.anaToo()))).toMatchObject({ userId: one });

    expect(await lab.stepOf(id)).toMatchObject({
      step: 'consent',
      stage: { notice: 'joined', person: { userId: one, connectionId: demo } },
    });
    await lab.approved(id, 'acme');
    expect((await lab.world.grants.ofUser(one)).filter(({ stage }) => stage !== 'ended')).toHaveLength(2);
    expect((await lab.world.grants.ofUser(two)).filter(({ stage }) => stage !== 'ended')).toEqual([]);
  });

  it('goes on with the second sign-in also when it is the one whose user leaves, with the roles it brought', async () => {
    await lab.connected(lab.ana(), 'acme');
    const one = await lab.userOf(lab.ana());
    const id = await lab.both();
    expect(await lab.stepOf(id)).toMatchObject({ verdict: { verdict: 'join', stays: 'first' } });
    await lab.join(id);
    expect(await lab.stepOf(id)).toMatchObject({
      step: 'consent',
      chosen: { tenant: { id: 'initech' } },
      stage: { person: { userId: one, connectionId: other } },
    });
  });

  it('whoever signs in with either afterwards is the same user, with the roles of that connection alone', async () => {
    await lab.join(await lab.both());
    const one = await lab.userOf(lab.ana());
    for (const [who, through, tenants] of [
      [lab.ana(), demo, ['acme', 'globex']],
      [lab.anaToo(), other, ['initech']],
    ] as const) {
      const id = await lab.start();
      await lab.signInAs(id, who, through);
      const { transaction, belongings } = await lab.world.flows.continue(id, browser);
      expect(transaction.stage).toMatchObject({ person: { userId: one } });
      expect(belongings.map(({ tenant }) => tenant.id)).toEqual(tenants);
    }
  });

  it('a leaver at the other connection has nothing there any more and gets none of it by the first [W71]', async () => {
    await lab.join(await lab.both());
    const theirs = await lab.connected(lab.anaToo(), 'initech', other);
    const mine = await lab.connected(lab.ana(), 'acme');
    const id = await lab.start();
    await lab.signInAs(id, lab.anaToo({ groups: [] }), other);
    expect(await lab.stepOf(id)).toMatchObject({ step: 'no-access' });
    expect(await lab.world.authority.standing(theirs)).toBeNull();
    expect(await lab.world.authority.standing(mine)).not.toBeNull();
    const again = await lab.start();
    await lab.signInAs(again, lab.ana());
    expect((await lab.world.flows.continue(again, browser)).belongings.map(({ tenant }) => tenant.id)).not.toContain('initech');
  });

  it('what the identity provider says of a sign-in ends what came through it, for whoever has it now', async () => {
    await lab.join(await lab.both());
    const theirs = await lab.connected(lab.anaToo(), 'initech', other);
    const mine = await lab.connected(lab.ana(), 'acme');
    const { issuer, subject } = lab.anaToo();
    await endUpstreamSession(lab.world)({ connectionId: other, issuer, subject, sid: null, jti: 'j', log: lab.world.log });
    expect([(await lab.world.grants.get(theirs))?.stage, (await lab.world.grants.get(mine))?.stage]).toEqual(['ended', 'live']);
  });
});

describe('a second factor of ours', () => {
  const enrolled = async (id: UserId) => {
    const factor = { enrolment: 'e', version: 1, sealed: 's', lastStep: 1, recovery: [], failures: 0, lockedUntil: 0, enrolledAt: 1 };
    await lab.world.engine.insert(secondFactors, { id, ...factor });
  };

  it('stays with who has it, though younger, and where both have one nothing is joined', async () => {
    await lab.connected(lab.ana(), 'acme');
    await lab.connected(lab.anaToo(), 'initech', other);
    const [one, two] = [await lab.userOf(lab.ana()), await lab.userOf(lab.anaToo())];
    await enrolled(two);
    const id = await lab.both();
    expect(await lab.stepOf(id)).toMatchObject({ verdict: { verdict: 'join', stays: 'second' } });
    await enrolled(one);
    await lab.join(id, 'second');
    expect(await lab.stepOf(id)).toMatchObject({ verdict: { verdict: 'two-factors' } });
    expect(lab.linked()).toEqual([]);
    await lab.world.secondFactors.remove(one);
    await lab.join(id, 'second');
    expect([await lab.userOf(lab.ana()), await lab.userOf(lab.anaToo())]).toEqual([two, two]);
    expect(await lab.world.secondFactors.get(two)).not.toBeNull();
  });
});

describe('nothing is joined', () => {
  const apart = async () => {
    const users = await Promise.all([lab.userOf(lab.ana()), lab.userOf(lab.anaToo())]);
    expect([new Set(users).size, lab.linked()]).toEqual([2, []]);
  };

  it('by somebody who leaves them apart, and goes on as who signed in last', async () => {
    const id = await lab.both();
    await leaveApart(lab.world)(id, browser);
    expect(await lab.stepOf(id)).toMatchObject({ step: 'consent', stage: { person: { connectionId: other } } });
    await lab.join(id);
    await apart();
  });

  it.each(['cancelled', 'unreachable'] as const)('when the other sign-in is %s: whoever was there goes on', async (why) => {
    const id = await lab.start();
    await lab.signInAs(id, lab.anaToo(), other);
    await beginLink(lab.world)(id, browser);
    await lab.signInAs(id, new LoginRefused(why, 'as told'));
    const notice = why === 'cancelled' ? 'link-cancelled' : 'unreachable';
    expect(await lab.stepOf(id)).toMatchObject({ step: 'consent', stage: { notice, person: { connectionId: other } } });
    await lab.join(id, 'second');
    expect(lab.linked()).toEqual([]);
  });

  it('on a first sign-in that was long ago: it is asked for anew, and without one there is only an explanation [W64]', async () => {
    const id = await lab.start();
    await lab.signInAs(id, lab.anaToo({ assurance: lab.justNow(3600) }), other);
    await beginLink(lab.world)(id, browser);
    const step = await lab.stepOf(id);
    if (step.step !== 'prove-more') throw new Error(`not asked for more but ${step.step}`);
    const connector = lab.world.connectors.get(other) as StubConnector;
    const again = async (says: VerifiedIdentity) => {
      await lab.world.flows.beginLogin({ id, browser, connectionId: other, purpose: step.wanted });
      connector.says = says;
      const answer = new URLSearchParams({ state: connector.attempts.at(-1)?.state ?? '', code: 'c' });
      await lab.world.flows.complete({ connectionId: other, browser, answer });
    };
    await again(lab.anaToo({ assurance: lab.justNow(3600) }));
    expect(await lab.stepOf(id)).toMatchObject({ step: 'join', verdict: { verdict: 'not-fresh', half: 'first' } });
    await lab.signInAs(id, lab.ana());
    await lab.join(id);
    await lab.join(id, 'second');
    await apart();
    const anew = await lab.start();
    await lab.signInAs(anew, lab.anaToo({ assurance: lab.justNow(3600) }), other);
    await beginLink(lab.world)(anew, browser);
    expect(await lab.stepOf(anew)).toMatchObject({ step: 'prove-more' });
  });

  it('on a first sign-in that is made anew when it is asked for', async () => {
    const id = await lab.start();
    await lab.signInAs(id, lab.anaToo({ assurance: lab.justNow(3600) }), other);
    await beginLink(lab.world)(id, browser);
    const step = await lab.stepOf(id);
    if (step.step !== 'prove-more') throw new Error(`not asked for more but ${step.step}`);
    const connector = lab.world.connectors.get(other) as StubConnector;
    await lab.world.flows.beginLogin({ id, browser, connectionId: other, purpose: step.wanted });
    connector.says = lab.anaToo();
    const answer = new URLSearchParams({ state: connector.attempts.at(-1)?.state ?? '', code: 'c' });
    await lab.world.flows.complete({ connectionId: other, browser, answer });
    expect(await lab.stepOf(id)).toMatchObject({ step: 'choose-connection', joins: { connectionId: other } });
    await lab.signInAs(id, lab.ana());
    expect(await lab.stepOf(id)).toMatchObject({ step: 'join', verdict: { verdict: 'join' } });
  });

  it('when the second sign-in is of a session left open, or both grew old on the page [W64]', async () => {
    const id = await lab.both(lab.ana(), lab.anaToo({ assurance: lab.justNow(601) }));
    expect(await lab.stepOf(id)).toMatchObject({ step: 'join', verdict: { verdict: 'not-fresh', half: 'second' } });
    await lab.join(id);
    await apart();
    const waiting = await lab.both();
    lab.world.clock.advance(596_000);
    await lab.join(waiting);
    await apart();
  });

  it('for two accounts of one connection, with one address or not, whoever they say they are [W64] [W60]', async () => {
    const id = await lab.start();
    await lab.signInAs(id, lab.ana());
    await beginLink(lab.world)(id, browser);
    await lab.signInAs(id, lab.ana({ subject: 'demo-2' }));
    expect(await lab.stepOf(id)).toMatchObject({ step: 'join', verdict: { verdict: 'same-sign-in' } });
    await lab.join(id);
    expect(lab.linked()).toEqual([]);
    await leaveApart(lab.world)(id, browser);
    expect(await lab.stepOf(id)).toMatchObject({
      step: 'consent',
      stage: { person: { userId: await lab.userOf(lab.ana({ subject: 'demo-2' })) } },
    });
  });

  it('for an account whose connection the other has one of already', async () => {
    await lab.join(await lab.both());
    const second = lab.anaToo({ subject: 'o-2' });
    const id = await lab.both(lab.ana(), second);
    expect(await lab.stepOf(id)).toMatchObject({ verdict: { verdict: 'same-sign-in' } });
    await lab.join(id);
    expect(await lab.userOf(second)).not.toBe(await lab.userOf(lab.ana()));
  });

  it('a second time: they are joined already, and what was asked of one sign-in is not taken for the other’s', async () => {
    await lab.join(await lab.both());
    const id = await lab.start();
    await lab.signInAs(id, lab.ana());
    await lab.world.flows.choose(id, browser, 'globex');
    const step = await lab.stepOf(id);
    if (step.step !== 'prove-more') throw new Error(`not asked for more but ${step.step}`);
    await signIn(lab.world, id, lab.ana(), step.wanted);
    expect((await lab.world.transactions.get(id))?.stage).toMatchObject({ person: { asked: { mfa: true } } });
    await beginLink(lab.world)(id, browser);
    await lab.signInAs(id, lab.anaToo(), other);
    expect(await lab.stepOf(id)).toMatchObject({ verdict: { verdict: 'joined-already' }, stage: { person: { asked: { mfa: false } } } });
    await leaveApart(lab.world)(id, browser);
    expect(await lab.stepOf(id)).toMatchObject({ step: 'consent' });
    expect(lab.linked()).toHaveLength(1);
  });

  it('where one of them was disabled, signed out or joined elsewhere while the page was open', async () => {
    const id = await lab.both();
    await lab.world.engine.updateIf(users, await lab.userOf(lab.ana()), {}, { set: { status: 'disabled' } }, 'after');
    expect(await lab.stepOf(id)).toMatchObject({ verdict: { verdict: 'changed' } });
    await lab.join(id);
    await apart();
  });

  it('where the identity provider of the first has said meanwhile that it is over', async () => {
    const id = await lab.both(lab.ana({ session: { refresh_token: new Secret('r'), sid: null } }));
    const { issuer, subject } = lab.ana();
    await endUpstreamSession(lab.world)({ connectionId: demo, issuer, subject, sid: null, jti: 'j', log: lab.world.log });
    await expect(lab.join(id)).rejects.toMatchObject({ kind: 'expired' });
    await apart();
  });

  it('at the address of a tenant that only the one connection leads into', async () => {
    const id = await lab.world.flows.begin(asked(lab.client_id, { resource: 'http://localhost:4000/t/initech/mcp' }), browser);
    await lab.signInAs(id, lab.anaToo(), other);
    await expect(beginLink(lab.world)(id, browser)).rejects.toMatchObject({ kind: 'not-found' });
    expect(await lab.stepOf(id)).toMatchObject({ step: 'consent' });
  });

  it('where the page said that somebody else stays', async () => {
    const id = await lab.both();
    await lab.join(id, 'second');
    await apart();
    await lab.join(id, 'nobody');
    await apart();
  });
});
