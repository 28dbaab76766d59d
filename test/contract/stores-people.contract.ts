import { describe, expect, it } from '@jest/globals';
import { identityKey } from '../../src/domain/identity.ts';
import { ConnectionId, RoleId, TenantId, TransactionId, UserId } from '../../src/domain/ids.ts';
import type { VerifiedIdentity } from '../../src/domain/identity.ts';
import type { HeldRole } from '../../src/domain/role-mapping.ts';
import type { DocumentEngine } from '../../src/ports/document-engine.ts';
import { identities, users } from '../../src/stores/collections.ts';
import { openMemberships } from '../../src/stores/memberships.ts';
import { openSeenClients } from '../../src/stores/seen-clients.ts';
import { openUsers } from '../../src/stores/users.ts';
import type { AuthorityChange } from '../../src/ports/authority-feed.ts';
import { noFeed } from '../../src/ports/authority-feed.ts';
import { nothingProven } from '../support/assurance.ts';
import { many } from '../support/many.ts';

export type Opened = () => DocumentEngine;

const assurance = nothingProven;

function identity(changed: Partial<VerifiedIdentity> = {}): VerifiedIdentity {
  const connectionId = ConnectionId.parse('okta');
  return {
    connectionId,
    issuer: 'https://i.example',
    subject: '1',
    email: 'ana@x.example',
    name: 'Ana',
    groups: [],
    assurance,
    said: [],
    ...changed,
  };
}

const identityRow = ({ connectionId, issuer, subject }: VerifiedIdentity) => ({
  id: identityKey({ connectionId, issuer, subject }),
  connectionId,
  issuer,
  subject,
});

export function userRows(engine: Opened): void {
  describe('users', () => {
    const candidate = (n: number | string) => UserId.parse(`u_${n}`);
    const known = { groups: ['eng'], claims: {} };

    it('of any number of concurrent first sign-ins of one identity all get the same user [W185]', async () => {
      const store = openUsers(engine(), noFeed);
      for (let round = 0; round < 5; round += 1) {
        const who = identity({ subject: `s${round}` });
        const settled = await many(20, (n) => store.settle(who, known, candidate(`${round}x${n}`), 7));
        expect(new Set(settled.map(({ user }) => user.id)).size).toBe(1);
        expect(await store.get(settled[0]?.user.id ?? candidate(0))).toEqual(settled[0]?.user);
        expect((await store.settle(who, known, candidate('later'), 8)).user.id).toBe(settled[0]?.user.id);
      }
      expect(await engine().page(identities)).toHaveLength(5);
      expect(await engine().page(users)).toHaveLength(5);
    });

    it('name, e-mail and seenAt follow the identity, the rest stays', async () => {
      const store = openUsers(engine(), noFeed);
      await store.settle(identity(), known, candidate(1), 7);
      await engine().updateIf(users, 'u_1', {}, { set: { status: 'disabled' } }, 'after');
      const again = await store.settle(identity({ name: null, email: 'new@x.example' }), known, candidate(2), 9);
      expect(again.user).toEqual({ id: 'u_1', name: null, email: 'new@x.example', status: 'disabled', createdAt: 7, seenAt: 9 });
    });

    it.each<[string, Partial<VerifiedIdentity>]>([
      ['another connection with the same issuer and subject', { connectionId: ConnectionId.parse('google') }],
      ['another issuer behind the same connection', { issuer: 'https://other.example' }],
      ['a subject in capitals', { subject: 'ANA' }],
      ['a subject with a space', { subject: 'ana ' }],
    ])('%s is another user, also with the same e-mail', async (_, changed) => {
      const store = openUsers(engine(), noFeed);
      const one = await store.settle(identity({ subject: 'ana' }), known, candidate(1), 7);
      const other = await store.settle(identity({ subject: 'ana', ...changed }), known, candidate(2), 7);
      expect([one.user.id, other.user.id]).toEqual(['u_1', 'u_2']);
    });

    it('an identity changes hands once: of any number who take it from the same user one does, and sign-ins follow it', async () => {
      const store = openUsers(engine(), noFeed);
      await store.settle(identity(), known, candidate(1), 7);
      const { id } = identityRow(identity());
      const taken = await many(20, (n) => store.handOver(id, candidate(1), candidate(`to-${n}`), 9));
      expect(taken.filter(Boolean)).toHaveLength(1);
      const to = candidate(`to-${taken.indexOf(true)}`);
      expect(await store.identity(id)).toEqual({ ...identityRow(identity()), userId: to, createdAt: 7, heldSince: 9, known, knownAt: 7 });
      expect(await store.handOver(id, candidate(1), candidate('late'), 10)).toBe(false);
      expect([await store.identitiesOf(candidate(1)), (await store.identitiesOf(to)).map((each) => each.id)]).toEqual([[], [id]]);
      expect((await store.settle(identity(), known, candidate(2), 11)).user.id).toBe(to);
    });

    it('what is known follows what the connection says, whatever the clock said before; what it leaves out stays', async () => {
      const store = openUsers(engine(), noFeed);
      const claims = { '/team': ['a'] };
      const { identity: first } = await store.settle(identity(), { groups: ['eng'], claims }, candidate(1), 7);
      expect([first.known, first.knownAt]).toEqual([{ groups: ['eng'], claims }, 7]);
      expect((await store.learn(first.id, { groups: [] }, 9))?.known).toEqual({ groups: [], claims });
      // A clock that was ahead when somebody signed in must not keep what they had then.
      expect((await store.learn(first.id, { groups: ['it'] }, 8))?.known).toEqual({ groups: ['it'], claims });
      expect((await store.settle(identity(), { groups: ['ops'], claims: {} }, candidate(2), 10)).identity.known).toEqual({
        groups: ['ops'],
        claims: {},
      });
      expect(await store.learn('nobody', { groups: ['it'] }, 11)).toBeNull();
      await store.forget(first.id);
      const forgotten = await store.identity(first.id);
      expect([forgotten?.userId, forgotten?.known, forgotten?.knownAt]).toEqual(['u_1', undefined, undefined]);
      expect((await store.learn(first.id, { groups: ['it'] }, 12))?.known).toEqual({ groups: ['it'], claims: {} });
    });

    it('a claim that was not told stays with the time it was told, one that is nobody’s to ask for goes', async () => {
      const store = openUsers(engine(), noFeed);
      const said = { groups: ['eng'], claims: { '/a': ['1'], '/b': ['2'], '/c': [] } };
      const { identity: first } = await store.settle(identity(), said, candidate(1), 7);
      const kept = await store.learn(first.id, { groups: ['eng'], claims: { '/a': null, '/c': null, '/d': null } }, 9);
      expect(kept).toMatchObject({ known: { groups: ['eng'], claims: { '/a': ['1'], '/c': [] } }, knownAt: 9, claimsAt: 7 });
      expect(Object.keys(kept?.known?.claims ?? {})).toEqual(['/a', '/c']);
      expect(await store.learn(first.id, { claims: { '/a': null } }, 2000)).toMatchObject({ groupsAt: 9, claimsAt: 7, knownAt: 2000 });
      expect(await store.learn(first.id, { groups: [] }, 4000)).toMatchObject({ claimsAt: 7, knownAt: 4000 });
      const told = await store.learn(first.id, { groups: [], claims: { '/a': [] } }, 6000);
      expect(told).toEqual(await store.identity(first.id));
      expect([told?.known, told?.groupsAt, told?.claimsAt]).toEqual([{ groups: [], claims: { '/a': [] } }, undefined, undefined]);
      await store.learn(first.id, { groups: [], claims: { '/a': ['3'] } }, 8000);
      await store.learn(first.id, { groups: [], claims: { '/a': null } }, 10_000);
      await store.forget(first.id);
      expect(await store.identity(first.id)).not.toHaveProperty('claimsAt');
    });

    it('of many who learn at once all are heard, and what one of them said is known in the end', async () => {
      const store = openUsers(engine(), noFeed);
      for (let round = 0; round < 10; round += 1) {
        const who = identity({ subject: `learner ${round}` });
        const { identity: first } = await store.settle(who, known, candidate(1), 1);
        await many(4, (n) => store.learn(first.id, { groups: [`g${n}`] }, 10 + n));
        expect(['g0', 'g1', 'g2', 'g3'].map((group) => [group])).toContainEqual((await store.identity(first.id))?.known?.groups);
      }
    });

    it('a change of what is known is told to every instance before it is answered, and what says the same is not', async () => {
      const heard: AuthorityChange[] = [];
      const store = openUsers(engine(), { ...noFeed, append: async (change) => Promise.resolve(void heard.push(change)) });
      const { identity: first } = await store.settle(identity(), { groups: ['eng', 'it'], claims: {} }, candidate(1), 7);
      await store.learn(first.id, { groups: ['it', 'eng'] }, 8);
      expect(heard).toEqual([]);
      await store.learn(first.id, { groups: ['eng'] }, 9);
      const told = { kind: 'identity', key: first.id };
      expect(heard).toEqual([told, told]);
      await store.handOver(first.id, candidate(1), candidate(2), 10);
      await store.forget(first.id);
      expect(heard).toEqual([told, told, told, told, told, told]);
    });

    it('a user is kept for one transaction at a time, for as long as it said, and given free by it alone', async () => {
      const store = openUsers(engine(), noFeed);
      const { user } = await store.settle(identity(), known, candidate(1), 7);
      const by = (n: number) => TransactionId.parse(String(n).padStart(22, 't'));
      const got = await many(20, (n) => store.reserve(user.id, by(n), 100, 10));
      expect(got.filter(Boolean)).toHaveLength(1);
      const mine = by(got.indexOf(true));
      const other = by(21);
      expect([await store.reserve(user.id, mine, 100, 99), await store.reserve(user.id, other, 200, 99)]).toEqual([true, false]);
      await store.release(user.id, other);
      expect(await store.reserve(user.id, other, 200, 99)).toBe(false);
      expect(await store.reserve(user.id, other, 200, 100)).toBe(true);
      await store.release(user.id, other);
      expect(await store.get(user.id)).toEqual(user);
      expect(await store.reserve(candidate('nobody'), mine, 100, 10)).toBe(false);
    });

    it('a user whose row was never written after the identity’s is made good at the next sign-in', async () => {
      const store = openUsers(engine(), noFeed);
      await store.settle(identity(), known, candidate(1), 7);
      await engine().delete(users, 'u_1');
      expect(await store.settle(identity(), known, candidate(2), 9)).toMatchObject({ user: { id: 'u_1', status: 'active', createdAt: 9 } });
    });
  });
}

export function membershipRows(engine: Opened): void {
  describe('memberships', () => {
    const [acme, globex, ana] = [TenantId.parse('acme'), TenantId.parse('globex'), UserId.parse('u_1')];
    const [okta, google] = [ConnectionId.parse('okta'), ConnectionId.parse('google')];
    const held = (role: string, connectionId = okta): HeldRole => ({ role: RoleId.parse(role), connectionId, rule: 'r' });
    const rolesAt = async (tenant: TenantId) => (await openMemberships(engine(), noFeed).get(tenant, ana))?.roles ?? null;

    it('replaces the roles that came through one connection and leaves the others', async () => {
      const store = openMemberships(engine(), noFeed);
      await store.resync(acme, ana, okta, [held('viewer'), held('editor')]);
      await store.resync(acme, ana, google, [held('admin', google)]);
      await store.resync(acme, ana, okta, [held('viewer')]);
      expect(await rolesAt(acme)).toEqual(expect.arrayContaining([held('viewer'), held('admin', google)]));
      expect(await rolesAt(acme)).toHaveLength(2);
    });

    it('a membership without roles is removed, and one that never was is not made', async () => {
      const store = openMemberships(engine(), noFeed);
      await store.resync(acme, ana, okta, []);
      expect(await rolesAt(acme)).toBeNull();
      await store.resync(acme, ana, okta, [held('viewer')]);
      await store.resync(acme, ana, okta, []);
      expect(await rolesAt(acme)).toBeNull();
      expect(await store.ofUser(ana)).toEqual([]);
    });

    it('tells the tenants of one user and nobody else’s', async () => {
      const store = openMemberships(engine(), noFeed);
      await store.resync(acme, ana, okta, [held('viewer')]);
      await store.resync(globex, ana, okta, [held('editor')]);
      await store.resync(acme, UserId.parse('u_2'), okta, [held('admin')]);
      const theirs = await store.ofUser(ana);
      expect(theirs.map((membership) => membership.tenantId).sort()).toEqual(['acme', 'globex']);
      expect(await store.get(globex, UserId.parse('u_2'))).toBeNull();
    });

    it('sign-ins through two connections at once lose nothing of each other', async () => {
      const store = openMemberships(engine(), noFeed);
      for (let round = 0; round < 10; round += 1) {
        const [mine, theirs] = [held(`a${round}`), held(`b${round}`, google)];
        await Promise.all([store.resync(acme, ana, okta, [mine]), store.resync(acme, ana, google, [theirs])]);
        expect(await rolesAt(acme)).toEqual(expect.arrayContaining([mine, theirs]));
        expect(await rolesAt(acme)).toHaveLength(2);
      }
    });

    it('a sign-in that takes the last role away and one that gives another end with the other one', async () => {
      const store = openMemberships(engine(), noFeed);
      for (let round = 0; round < 10; round += 1) {
        await store.resync(acme, ana, okta, [held('viewer')]);
        await store.resync(acme, ana, google, []);
        await Promise.all([store.resync(acme, ana, okta, []), store.resync(acme, ana, google, [held('admin', google)])]);
        expect(await rolesAt(acme)).toEqual([held('admin', google)]);
      }
    });

    it('a role that is lost through one connection is announced, also while another connection gives the same one', async () => {
      const told: AuthorityChange[] = [];
      const store = openMemberships(engine(), { ...noFeed, append: async (change) => Promise.resolve(void told.push(change)) });
      await store.resync(acme, ana, okta, [held('admin')]);
      await store.resync(acme, ana, google, [held('admin', google)]);
      told.length = 0;
      await store.resync(acme, ana, okta, []);
      const change = { kind: 'member', key: 'acme:u_1' };
      expect(told).toEqual([change, change]);
      expect(await rolesAt(acme)).toEqual([held('admin', google)]);
    });

    it('the same sign-in many times at once is the same membership', async () => {
      const store = openMemberships(engine(), noFeed);
      await many(20, () => store.resync(acme, ana, okta, [held('viewer')]));
      expect(await rolesAt(acme)).toEqual([held('viewer')]);
    });
  });
}

export function clientRows(engine: Opened): void {
  describe('seen clients', () => {
    it('remembers a client at a first consent, once, however many at once; later ones move usedAt', async () => {
      const store = openSeenClients(engine(), noFeed);
      const client = { client_id: 'https://app.example/client.json', client_name: 'App' };
      expect(await store.get(client.client_id)).toBeNull();
      await many(20, (n) => store.note(client, `u_${n}`, 7));
      const row = await store.get(client.client_id);
      expect(row).toMatchObject({ ...client, status: 'allowed', addedAt: 7, usedAt: 7 });
      await store.note({ ...client, client_name: 'Renamed' }, 'u_99', 9);
      expect(await store.get(client.client_id)).toEqual({ ...row, usedAt: 9 });
    });
  });
}
