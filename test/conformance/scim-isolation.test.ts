import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Resource, ScimClient } from '../support/scim.ts';
import { made, patchOf, provisioned, provisionedRows, scimClient } from '../support/scim.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';

let system: System;
let mine: ScimClient;
let theirs: ScimClient;
let foreign: { readonly user: Resource; readonly group: Resource };
let own: { readonly user: Resource; readonly group: Resource };

const furnish = async (client: ScimClient) => {
  const user = await made(client, 'Users', {
    userName: 'ana@acme.example',
    externalId: 'x1',
    emails: [{ value: 'ana@acme.example', type: 'work' }],
  });
  const group = await made(client, 'Groups', { displayName: 'Eng', externalId: 'e1', members: [{ value: user.id }] });
  return { user, group };
};

beforeAll(async () => {
  system = await startSystem({ configure: provisioned() });
  mine = await scimClient(system, 'demo');
  theirs = await scimClient(system, 'other');
  foreign = await furnish(theirs);
  own = await furnish(mine);
});
afterAll(() => system.close());

type Attempt = readonly [what: string, method: string, path: () => string, body?: () => unknown];

const person = { userName: 'taken-over', externalId: 'x9', active: false };
const userChanges: (readonly [string, unknown])[] = [
  ['PUT', person],
  ['PATCH', patchOf({ op: 'replace', value: { active: false } })],
  ['PATCH', patchOf({ op: 'Replace', path: 'emails[type eq "work"].value', value: 'evil@evil.example' })],
  ['DELETE', undefined],
  ['GET', undefined],
];
const groupChanges: (readonly [string, () => unknown])[] = [
  ['PUT', () => ({ displayName: 'Taken', members: [] })],
  ['PATCH', () => patchOf({ op: 'replace', value: { displayName: 'Taken' } })],
  ['PATCH', () => patchOf({ op: 'remove', path: 'members' })],
  ['PATCH', () => patchOf({ op: 'add', path: 'members', value: [{ value: own.user.id }] })],
  ['PATCH', () => patchOf({ op: 'remove', path: `members[value eq "${foreign.user.id}"]` })],
  ['DELETE', () => undefined],
  ['GET', () => undefined],
];

/** Every place of every route where an id may stand, with one of another connection in it. */
const attempts: readonly Attempt[] = [
  ...userChanges.map(([method, body]): Attempt => ['a user', method, () => `/Users/${foreign.user.id}`, () => body]),
  ...groupChanges.map(([method, body]): Attempt => ['a group', method, () => `/Groups/${foreign.group.id}`, body]),
  ...userChanges.map(([method, body]): Attempt => ['a group called a user', method, () => `/Users/${foreign.group.id}`, () => body]),
  ...groupChanges.map(([method, body]): Attempt => ['a user called a group', method, () => `/Groups/${foreign.user.id}`, body]),
  ['a member of a new group', 'POST', () => '/Groups', () => ({ displayName: 'New', members: [{ value: foreign.user.id }] })],
  [
    'a member beside one of ours',
    'POST',
    () => '/Groups',
    () => ({ displayName: 'New', members: [{ value: own.user.id }, { value: foreign.user.id }] }),
  ],
  [
    'a member of a whole group',
    'PUT',
    () => `/Groups/${own.group.id}`,
    () => ({ displayName: 'Eng', members: [{ value: foreign.user.id }] }),
  ],
  [
    'a member that is added',
    'PATCH',
    () => `/Groups/${own.group.id}`,
    () => patchOf({ op: 'add', path: 'members', value: [{ value: foreign.user.id }] }),
  ],
  [
    'a member in place of all',
    'PATCH',
    () => `/Groups/${own.group.id}`,
    () => patchOf({ op: 'replace', value: { members: [{ value: foreign.user.id }] } }),
  ],
  [
    'a group as a member',
    'PATCH',
    () => `/Groups/${own.group.id}`,
    () => patchOf({ op: 'add', path: 'members', value: [{ value: foreign.group.id }] }),
  ],
];

describe('with an id of another connection [W120]', () => {
  it.each(attempts.map(([what, method, path, body], index) => [`${index + 1}: ${what}`, method, path, body] as const))(
    '%s, %s: there is nothing, as with an id that never was, and no row is changed [W120]',
    async (_, method, path, body) => {
      const before = await provisionedRows(system);
      const answer = await mine.send(method, path(), body?.());
      const never = 'A'.repeat(22);
      const ids = [foreign.user.id, foreign.group.id];
      const instead = (text: string) => ids.reduce((kept, id) => kept.replaceAll(id, never), text);
      const unknown = await mine.send(method, instead(path()), JSON.parse(instead(JSON.stringify(body?.() ?? null))) ?? undefined);
      expect([answer.status, answer.json]).toEqual([404, unknown.json]);
      expect(unknown.status).toBe(404);
      expect(await provisionedRows(system)).toEqual(before);
    },
  );

  it('the same goes through with one of ours: it is the id that is refused', async () => {
    const spare = { user: await made(mine, 'Users', { userName: 'spare' }), group: await made(mine, 'Groups', { displayName: 'Spare' }) };
    const statuses = [];
    for (const [method, body] of userChanges)
      if (method !== 'DELETE') statuses.push((await mine.send(method, `/Users/${spare.user.id}`, body)).status);
    for (const [method, body] of groupChanges)
      if (method !== 'DELETE') statuses.push((await mine.send(method, `/Groups/${spare.group.id}`, body())).status);
    expect(new Set(statuses)).toEqual(new Set([200]));
    for (const path of [`/Users/${spare.user.id}`, `/Groups/${spare.group.id}`]) expect((await mine.send('DELETE', path)).status).toBe(204);
  });

  it.each([
    'id eq "USER"',
    'id eq "GROUP"',
    'members eq "USER"',
    'members[value eq "USER"]',
    'id eq "OWN" and members eq "USER"',
    'id eq "USER" or id eq "GROUP"',
  ])('the filter %s finds nothing of theirs and counts nothing of theirs [W120]', async (filter) => {
    const written = filter.replace('OWN', own.group.id).replaceAll('USER', foreign.user.id).replaceAll('GROUP', foreign.group.id);
    const kinds = filter.includes('members') ? ['Groups'] : ['Users', 'Groups'];
    for (const kind of kinds) {
      const { status, json } = await mine.send('GET', `/${kind}?filter=${encodeURIComponent(written)}`);
      expect([status, json['totalResults'], json['Resources']]).toEqual([200, 0, []]);
    }
  });

  it('a token of one opens no address of the other [W120]', async () => {
    const crossed = await scimClient(system, 'other', mine.token);
    const before = await provisionedRows(system);
    for (const [, method, path, body] of attempts) expect((await crossed.send(method, path(), body?.())).status).toBe(401);
    expect(await provisionedRows(system)).toEqual(before);
  });

  it('whatever one of them does, the rows of the other stay as they are [W120] [W127]', async () => {
    const theirRows = async () => {
      const { provisioned_users, provisioned_groups, provisioned_members } = (await provisionedRows(system)) as Record<
        string,
        Record<string, unknown>[]
      >;
      const isTheirs = ({ connectionId }: Record<string, unknown>) => connectionId === 'other';
      return [
        provisioned_users?.filter(isTheirs),
        provisioned_groups?.filter(isTheirs),
        provisioned_members?.filter(({ groupId }) => groupId === foreign.group.id),
      ];
    };
    const before = await theirRows();
    expect(before.map((rows) => rows?.length)).toEqual([1, 1, 1]);
    const name = fc.constantFrom('ana@acme.example', 'ANA@ACME.EXAMPLE', 'Eng', 'x1', 'e1', 'bo');
    const anId = fc.constantFrom('own', 'foreign').map((whose) => (kind: 'user' | 'group') => (whose === 'own' ? own : foreign)[kind].id);
    const call = fc.oneof(
      fc.record({
        method: fc.constant('POST'),
        kind: fc.constant('Users'),
        id: fc.constant(null),
        body: fc.record({ userName: name, externalId: name, active: fc.boolean() }),
      }),
      fc.record({
        method: fc.constant('POST'),
        kind: fc.constant('Groups'),
        id: fc.constant(null),
        body: fc.record({ displayName: name }),
      }),
      fc.record({
        method: fc.constantFrom('PUT', 'PATCH', 'DELETE'),
        kind: fc.constantFrom('Users', 'Groups'),
        id: anId,
        body: fc.oneof(
          fc.record({ userName: name, externalId: name, displayName: name }),
          name.map((value) => patchOf({ op: 'replace', value: { userName: value, displayName: value, externalId: value } })),
          anId.map((id) => patchOf({ op: 'add', path: 'members', value: [{ value: id('user') }] })),
        ),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 6 }), async (calls) => {
        for (const { method, kind, id, body } of calls) {
          const path = id === null ? `/${kind}` : `/${kind}/${id(kind === 'Users' ? 'user' : 'group')}`;
          expect((await mine.send(method, path, method === 'DELETE' ? undefined : body)).status).toBeLessThan(500);
        }
        expect(await theirRows()).toEqual(before);
      }),
      { numRuns: 40 },
    );
  });
});
