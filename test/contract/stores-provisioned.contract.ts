import { describe, expect, it } from '@jest/globals';
import { ConnectionId } from '../../src/domain/ids.ts';
import type { ProvisionedGroup, ProvisionedUser } from '../../src/domain/provisioned.ts';
import type { UserFields } from '../../src/domain/scim-user.ts';
import type { AuthorityChange, AuthorityFeed } from '../../src/ports/authority-feed.ts';
import { noFeed } from '../../src/ports/authority-feed.ts';
import { movingAlone } from '../../src/ports/provisioned-groups.ts';
import { openProvisionedGroups } from '../../src/stores/provisioned-groups.ts';
import { openProvisionedUsers } from '../../src/stores/provisioned-users.ts';
import { openScimTokens } from '../../src/stores/scim-tokens.ts';
import { many } from '../support/many.ts';
import type { Opened } from './stores-people.contract.ts';

const connectionId = ConnectionId.parse('corp');

function user(id: string, changed: Partial<ProvisionedUser> = {}): ProvisionedUser {
  const rest = { connectionId, active: true, attributes: {}, groups: [], version: 1, createdAt: 1, changedAt: 1 };
  return { id, userName: id, userNameKey: `corp:${id}`, externalId: `x-${id}`, identityId: `i-${id}`, ...rest, ...changed };
}

const group = (id: string): ProvisionedGroup => ({
  id,
  connectionId,
  displayName: id,
  nameKey: `corp:${id}`,
  version: 1,
  createdAt: 1,
  changedAt: 1,
});

const fieldsOf = ({ userName, userNameKey, externalId, identityId, active, attributes }: ProvisionedUser): UserFields => ({
  userName,
  userNameKey,
  active,
  attributes,
  ...(externalId === undefined ? {} : { externalId }),
  ...(identityId === undefined ? {} : { identityId }),
});

function listening(): { readonly feed: AuthorityFeed; readonly heard: AuthorityChange[] } {
  const heard: AuthorityChange[] = [];
  return { heard, feed: { ...noFeed, append: async (change) => Promise.resolve(void heard.push(change)) } };
}

const identity = (key: string): AuthorityChange => ({ kind: 'identity', key });

export function provisionedRowsContract(engine: Opened): void {
  describe('provisioned users', () => {
    it('are found by id, name and identity, and by connection page after page', async () => {
      const users = openProvisionedUsers(engine(), noFeed);
      await many(20, (n) => users.add(user(`u${n}`)));
      await users.add(user('z', { connectionId: ConnectionId.parse('other'), userNameKey: 'other:z' }));
      expect(await users.get('u7')).toEqual(user('u7'));
      expect(await users.byIdentity('i-u7')).toEqual(user('u7'));
      expect(await users.byUserName('corp:u7')).toEqual(user('u7'));
      expect([await users.get('x'), await users.byIdentity('x'), await users.byUserName('x')]).toEqual([null, null, null]);
      const found: string[] = [];
      for await (const page of users.ofConnection(connectionId)) found.push(...page.map(({ id }) => id));
      expect(found).toEqual(Array.from({ length: 20 }, (_, n) => `u${n}`).sort());
    });

    it.each([
      ['name', { identityId: 'i-2', externalId: '2' }],
      ['identity', { userNameKey: 'corp:2', userName: '2' }],
    ])('of twenty who want the same %s one gets it, and another is not given it either [W127]', async (_, own) => {
      const users = openProvisionedUsers(engine(), noFeed);
      const wanted = { userName: 'ana', userNameKey: 'corp:ana', externalId: 'x', identityId: 'i' };
      const outcomes = await many(20, async (n) => {
        const distinct = Object.fromEntries(Object.entries(own).map(([name, value]) => [name, `${value}${n}`]));
        return (await users.add(user(`u${n}`, { ...wanted, ...distinct }))).outcome;
      });
      expect(outcomes.filter((outcome) => outcome === 'written')).toHaveLength(1);
      const late = user('late');
      await users.add(late);
      expect((await users.change('late', (row) => fieldsOf({ ...row, ...wanted, ...own }), 2)).outcome).toBe('taken');
      expect(await users.get('late')).toEqual(late);
      expect((await users.change('nobody', fieldsOf, 2)).outcome).toBe('gone');
    });

    it('a change is of the row as it is at that moment, and what is left out is gone', async () => {
      const users = openProvisionedUsers(engine(), noFeed);
      await users.add(user('u'));
      await many(8, (n) => users.change('u', (row) => fieldsOf({ ...row, attributes: { title: `${row.attributes.title ?? ''}${n}` } }), n));
      const row = await users.get('u');
      expect([...(row?.attributes.title ?? '')].sort().join('')).toBe('01234567');
      expect(row?.version).toBe(9);
      const { externalId: _externalId, identityId: _identityId, ...rest } = fieldsOf(user('u'));
      const { outcome, ...changed } = await users.change('u', () => rest, 5);
      expect(outcome).toBe('written');
      expect(changed).toEqual({ user: await users.get('u') });
      expect(await users.get('u')).not.toHaveProperty('identityId');
      expect(await users.byIdentity('i-u')).toBeNull();
    });

    it('a change that makes nothing different is not written, a claim is, and groups date the row when they are others', async () => {
      const users = openProvisionedUsers(engine(), noFeed);
      const whole = { attributes: { displayName: 'Ana', name: { givenName: 'Ana' }, emails: [{ value: 'a@b.example', primary: true }] } };
      await users.add(user('u', whole));
      const dates = async () => {
        const row = await users.get('u');
        return [row?.version, row?.changedAt, row?.createdAt];
      };
      expect(await users.change('u', fieldsOf, 2)).toEqual({ outcome: 'written', user: user('u', whole) });
      expect(await dates()).toEqual([1, 1, 1]);
      await users.change('u', (row) => fieldsOf({ ...row, attributes: { ...row.attributes, title: 'T' } }), 3);
      expect(await dates()).toEqual([2, 3, 1]);
      await users.claim('u', fieldsOf, 4);
      expect(await dates()).toEqual([3, 4, 1]);
      const held = [{ id: 'g', displayName: 'Eng' }];
      await users.regroup('u', async () => Promise.resolve(held), 5);
      expect(await dates()).toEqual([4, 5, 1]);
      // Another version, since whoever read before has read what may be old by now.
      await users.regroup('u', async () => Promise.resolve(held), 6);
      expect(await dates()).toEqual([5, 5, 1]);
    });

    it('whatever is written about somebody is told before and after, by both identities when they change [W128]', async () => {
      const { feed, heard } = listening();
      const users = openProvisionedUsers(engine(), feed);
      const toldBy = async (work: () => Promise<unknown>) => {
        heard.length = 0;
        await work();
        return [...heard];
      };
      const [i, j] = [identity('i-u'), identity('j')];
      expect(await toldBy(() => users.add(user('u')))).toEqual([i, i]);
      expect(await toldBy(() => users.change('u', (row) => fieldsOf({ ...row, active: false }), 2))).toEqual([i, i]);
      expect(await toldBy(() => users.regroup('u', async () => Promise.resolve([]), 3))).toEqual([i, i]);
      expect(await toldBy(() => users.change('u', (row) => fieldsOf({ ...row, identityId: 'j' }), 2))).toEqual([i, j, j, i]);
      expect(await toldBy(async () => users.remove((await users.get('u')) ?? user('u')))).toEqual([j, j]);
      expect(await users.get('u')).toBeNull();
    });

    it('nothing is taken away that could not be told [W128]', async () => {
      const users = openProvisionedUsers(engine(), noFeed);
      await users.add(user('u'));
      const mute = openProvisionedUsers(engine(), { ...noFeed, append: () => Promise.reject(new Error('unheard')) });
      await expect(mute.change('u', (row) => fieldsOf({ ...row, active: false }), 2)).rejects.toThrow('unheard');
      expect(await users.get('u')).toEqual(user('u'));
    });
  });

  describe('provisioned groups', () => {
    it('have names nobody else has', async () => {
      const groups = openProvisionedGroups(engine());
      expect(
        (await many(20, (n) => groups.add({ ...group(`g${n}`), nameKey: 'corp:eng' }))).filter(({ outcome }) => outcome === 'written'),
      ).toHaveLength(1);
      await groups.add(group('other'));
      const change = (nameKey: string) => groups.change('other', () => ({ displayName: 'Eng', nameKey }), 2);
      expect([(await change('corp:eng')).outcome, (await groups.get('other'))?.displayName]).toEqual(['taken', 'other']);
      expect([(await change('corp:new')).outcome, (await groups.byName('corp:new'))?.id]).toEqual(['written', 'other']);
      expect((await groups.change('nobody', () => ({ displayName: 'x', nameKey: 'x' }), 2)).outcome).toBe('gone');
    });

    it('of twenty who begin to change one at once one does, the others after it has arrived or its time is over', async () => {
      const groups = openProvisionedGroups(engine());
      await groups.add(group('g'));
      const begin = (now: number) => groups.change('g', ({ nameKey }) => ({ displayName: `at ${now}`, nameKey }), now);
      const outcomes = await many(20, () => begin(10));
      expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual([...Array.from({ length: 19 }, () => 'busy'), 'written']);
      const first = await groups.get('g');
      if (first === null) throw new Error('there is no group');
      expect([first.version, first.changedAt, first.movingUntil]).toEqual([2, 10, 10 + movingAlone]);
      expect((await begin(9 + movingAlone)).outcome).toBe('busy');
      expect((await begin(10 + movingAlone)).outcome).toBe('written');
      // Whose time was over has not arrived, and does not end the time of the other either.
      expect(await groups.arrived(first)).toBeNull();
      await groups.cutOff(first);
      expect((await begin(11 + movingAlone)).outcome).toBe('busy');
      const second = await groups.get('g');
      if (second === null) throw new Error('there is no group');
      await groups.cutOff(second);
      expect((await groups.get('g'))?.movingUntil).toBe(0);
      expect((await begin(12 + movingAlone)).outcome).toBe('written');
      const third = await groups.get('g');
      if (third === null) throw new Error('there is no group');
      const arrived = await groups.arrived(third);
      expect(arrived).toEqual({ ...group('g'), displayName: `at ${12 + movingAlone}`, version: 5, changedAt: 12 + movingAlone });
      expect(await groups.get('g')).toEqual(arrived);
    });

    it('that lost somebody at once is another version each time, and nothing is made of one that is gone', async () => {
      const groups = openProvisionedGroups(engine());
      await groups.add(group('g'));
      await many(8, (n) => groups.touch('g', 10 + n));
      expect((await groups.get('g'))?.version).toBe(9);
      await groups.touch('gone', 1);
      expect(await groups.get('gone')).toBeNull();
    });

    it('however many groups somebody joins and leaves at once, in the end their own row says which they are in [W128]', async () => {
      const [users, groups] = [openProvisionedUsers(engine(), noFeed), openProvisionedGroups(engine())];
      await users.add(user('u'));
      const ids = Array.from({ length: 10 }, (_, n) => `g${n}`);
      await Promise.all(ids.map((id) => groups.add(group(id))));
      const move = async (id: string, done: 'join' | 'leave') => {
        expect(await groups[done](id, 'u')).toBe(true);
        expect(await users.regroup('u', () => groups.groupsOf('u'), 2)).toBe('written');
        await groups.settled(id, 'u', done);
      };
      const rowSays = async () => (await users.get('u'))?.groups.map(({ id }) => id).sort();
      await Promise.all(ids.map((id) => move(id, 'join')));
      expect(await rowSays()).toEqual(ids);
      await Promise.all(ids.filter((_, n) => n % 2 === 0).map((id) => move(id, 'leave')));
      expect(await rowSays()).toEqual(['g1', 'g3', 'g5', 'g7', 'g9']);
      expect((await groups.membersOf('g0')).length + (await groups.membersOf('g1')).length).toBe(1);
      expect([await groups.join('g1', 'u'), await groups.leave('g0', 'u')]).toEqual([false, false]);
    });

    it('a list that was read before somebody else wrote theirs is never the last [W128]', async () => {
      const [users, groups] = [openProvisionedUsers(engine(), noFeed), openProvisionedGroups(engine())];
      await users.add(user('u'));
      for (const id of ['g1', 'g2']) await groups.add(group(id));
      await groups.join('g1', 'u');
      let reads = 0;
      await users.regroup(
        'u',
        async () => {
          reads += 1;
          const read = await groups.groupsOf('u');
          if (reads > 1) return read;
          // Meanwhile the person leaves this group and joins another, and that is written.
          await groups.leave('g1', 'u');
          await groups.join('g2', 'u');
          await users.regroup('u', () => groups.groupsOf('u'), 2);
          return read;
        },
        2,
      );
      expect([reads, (await users.get('u'))?.groups.map(({ id }) => id)]).toEqual([2, ['g2']]);
    });

    it('who is leaving is out of it although the work was cut off, and the next try still finds them', async () => {
      const groups = openProvisionedGroups(engine());
      await groups.add(group('g'));
      await groups.join('g', 'u');
      // Cut off before it was settled: still to be done.
      expect(await groups.join('g', 'u')).toBe(true);
      expect((await groups.groupsOf('u')).map(({ id }) => id)).toEqual(['g']);
      await groups.settled('g', 'u', 'join');
      await groups.leave('g', 'u');
      expect([await groups.groupsOf('u'), (await groups.membersOf('g')).map(({ pending }) => pending)]).toEqual([[], ['leave']]);
      expect(await groups.leave('g', 'u')).toBe(true);
      // Whoever joined meanwhile is not taken out by the one who left.
      expect(await groups.join('g', 'u')).toBe(true);
      await groups.settled('g', 'u', 'leave');
      expect((await groups.groupsOf('u')).map(({ id }) => id)).toEqual(['g']);
      await groups.remove('g');
      expect(await groups.groupsOf('u')).toEqual([]);
      await groups.forget('u');
      expect(await groups.membersOf('g')).toEqual([]);
    });

    it('of somebody who is not there nothing is written', async () => {
      expect(await openProvisionedUsers(engine(), noFeed).regroup('nobody', async () => Promise.resolve([]), 2)).toBe('gone');
    });
  });

  describe('tokens for provisioning', () => {
    it('are found by digest and by connection, the oldest first, and tell when they were used to within an hour', async () => {
      const tokens = openScimTokens(engine());
      for (const [id, createdAt] of [
        ['b', 2],
        ['a', 3],
        ['c', 1],
      ] as const)
        await tokens.add({ id, connectionId, createdAt });
      expect((await tokens.ofConnection(connectionId)).map(({ id }) => id)).toEqual(['c', 'b', 'a']);
      expect(await tokens.get('d')).toBeNull();
      const used = async (at: number) => {
        const token = await tokens.get('a');
        if (token !== null) await tokens.used(token, at);
        return (await tokens.get('a'))?.lastUsedAt;
      };
      const hour = 3_600_000;
      expect([await used(hour), await used(2 * hour - 1), await used(2 * hour)]).toEqual([hour, hour, 2 * hour]);
      expect([await tokens.remove('a'), await tokens.remove('a'), await tokens.get('a')]).toEqual([true, false, null]);
    });
  });
}
