import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { auditEvents } from '../../src/stores/collections.ts';
import { provisionedUsers } from '../../src/stores/provisioned-collections.ts';
import type { Resource, ScimClient, ScimReply } from '../support/scim.ts';
import { made, patchOf, provisioned, provisionedRows, scimClient } from '../support/scim.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';

let system: System;
let scim: ScimClient;
beforeAll(async () => {
  system = await startSystem({ configure: provisioned() });
  scim = await scimClient(system);
});
afterAll(() => system.close());

const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const errorSchema = 'urn:ietf:params:scim:api:messages:2.0:Error';
let count = 0;
const fresh = (more: Record<string, unknown> = {}) => ({ userName: `p${(count += 1)}@acme.example`, externalId: `x${count}`, ...more });
const get = (path: string) => scim.send('GET', path);
const told = ({ status, json }: ScimReply) => [status, json['schemas'], json['status'], json['scimType']];
const idsOf = ({ json }: ScimReply) => (json['Resources'] as Resource[]).map(({ id }) => id);
const find = (filter: string, more = '') => get(`/Users?filter=${encodeURIComponent(filter)}${more}`);

describe('what the endpoint says of itself', () => {
  it('is its configuration, schemas and kinds of resources, each with its address', async () => {
    const config = await get('/ServiceProviderConfig');
    expect([config.status, config.headers.get('content-type'), config.headers.get('cache-control')]).toEqual([
      200,
      'application/scim+json; charset=utf-8',
      'no-store',
    ]);
    expect(config.json).toMatchObject({
      patch: { supported: true },
      filter: { supported: true, maxResults: 200 },
      bulk: { supported: false },
    });
    for (const kind of ['Schemas', 'ResourceTypes']) {
      const all = await get(`/${kind}`);
      expect(all.json).toMatchObject({ totalResults: 2, itemsPerPage: 2, startIndex: 1 });
      for (const each of all.json['Resources'] as Resource[]) expect((await get(`/${kind}/${each.id}`)).json).toEqual(each);
      expect((await get(`/${kind}/Other`)).status).toBe(404);
    }
    const { json } = await get('/Schemas/urn:ietf:params:scim:schemas:core:2.0:User');
    const names = (json['attributes'] as { name: string }[]).map(({ name }) => name);
    expect(names).toEqual(['userName', 'active', 'displayName', 'title', 'name', 'emails', 'groups']);
  });

  it.each([
    ['POST', '/ServiceProviderConfig', 405],
    ['DELETE', '/Users', 405],
    ['POST', '/Users/x', 405],
    ['GET', '/Me', 404],
    ['POST', '/Bulk', 404],
    ['GET', '/Users/', 200],
    ['GET', '', 404],
  ])('%s %s is %s', async (method, path, status) => {
    expect((await scim.send(method, path)).status).toBe(status);
  });
});

describe('who speaks for which connection', () => {
  const withHeaders = async (headers: Record<string, string>, path = '/Users') => {
    const response = await fetch(`${scim.base}${path}`, { headers });
    return [response.status, response.headers.get('www-authenticate'), (await response.json()) as Record<string, unknown>] as const;
  };

  it.each<[string, () => Promise<Record<string, string>>]>([
    ['nothing', async () => Promise.resolve({})],
    ['another word', async () => Promise.resolve({ Authorization: `Basic ${scim.token}` })],
    ['a token nobody made', async () => Promise.resolve({ Authorization: `Bearer db_scim_${'a'.repeat(43)}` })],
    [
      'its digest',
      async () =>
        Promise.resolve({
          Authorization: `Bearer ${String((await system.engine.page({ name: 'scim_tokens', unique: [], indexes: [], expires: null }))[0]?.id)}`,
        }),
    ],
    ['an object', async () => Promise.resolve({ Authorization: 'Bearer {"$gt":""}' })],
    ['a token of another connection', async () => ({ Authorization: `Bearer ${(await scimClient(system, 'other')).token}` })],
  ])('is told nothing with %s [W120]', async (_, headers) => {
    for (const path of ['/Users', '/ServiceProviderConfig', '/Users/x', '/nothing']) {
      const [status, challenge, body] = await withHeaders(await headers(), path);
      expect([status, challenge]).toEqual([401, 'Bearer realm="drawbridge"']);
      expect(body).toEqual({ schemas: [errorSchema], status: '401', detail: 'Send the token of this connection as a bearer token.' });
    }
    expect((await withHeaders({ Authorization: `Bearer ${scim.token}` }))[0]).toBe(200);
  });

  it('is not told by the answer which connections there are', async () => {
    const answers = await Promise.all(
      ['demo', 'nobody', 'x/y/z/w', '%24', ''].map(async (connection) => {
        const response = await fetch(`${system.issuer}/scim/v2/${connection}/Users`);
        return [response.status, await response.text()];
      }),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]?.[0]).toBe(401);
  });

  it('guesses are limited, and the token is in no line of the log and in no row', async () => {
    expect(system.lines.join('\n')).not.toContain(scim.token);
    expect(JSON.stringify([await provisionedRows(system), await system.engine.page(auditEvents, { limit: 1000 })])).not.toContain(
      scim.token,
    );
    const limited = await startSystem({
      configure: (config) => ({ ...provisioned()(config), limits: { ...config.limits, scimFailuresPerMinute: 5 } }),
    });
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) statuses.push((await fetch(`${limited.issuer}/scim/v2/demo/Users`)).status);
    await limited.close();
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
  });

  it('is there only where a connection says so, and under our own name', async () => {
    const plain = await startSystem();
    const response = await fetch(`${plain.issuer}/scim/v2/demo/Users`);
    await plain.close();
    expect(response.status).toBe(404);
    const status = await new Promise((resolve, reject) => {
      const { hostname, port } = new URL(system.issuer);
      const sent = request({
        hostname,
        port,
        path: '/scim/v2/demo/Users',
        headers: { Host: 'evil.example', Authorization: `Bearer ${scim.token}` },
      });
      sent
        .on('response', (answer) => resolve(answer.resume().statusCode))
        .on('error', reject)
        .end();
    });
    expect(status).toBe(421);
  });
});

describe('users', () => {
  it('are made, found, changed and removed as Okta does it', async () => {
    const probe = await get('/Users?startIndex=1&count=2');
    expect([probe.status, probe.json['startIndex']]).toEqual([200, 1]);
    const user = fresh({
      name: { givenName: 'Ana', familyName: 'Lis' },
      emails: [{ primary: true, value: 'a@acme.example', type: 'work' }],
      displayName: 'Ana',
      active: true,
    });
    expect((await find(`userName eq "${user.userName}"`, '&startIndex=1&count=100')).json).toMatchObject({
      totalResults: 0,
      Resources: [],
      itemsPerPage: 0,
    });
    const added = await scim.send('POST', '/Users', { schemas: ['x'], ...user, password: 'p', locale: 'en' });
    const id = String(added.json['id']);
    expect([added.status, added.headers.get('location')]).toEqual([201, `${scim.base}/Users/${id}`]);
    expect(added.json).toEqual({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      id,
      ...user,
      meta: {
        resourceType: 'User',
        created: expect.stringMatching(moment),
        lastModified: expect.stringMatching(moment),
        location: `${scim.base}/Users/${id}`,
        version: 'W/"1"',
      },
    });
    expect(idsOf(await find(`userName eq "${user.userName.toUpperCase()}"`))).toEqual([id]);
    const put = await scim.send('PUT', `/Users/${id}`, { ...user, id: 'another', active: false, displayName: 'Ana L' });
    expect([put.status, put.json['active'], put.json['displayName'], put.json['id']]).toEqual([200, false, 'Ana L', id]);
    expect((await get(`/Users/${id}`)).json).toEqual(put.json);
    const patched = await scim.send('PATCH', `/Users/${id}`, patchOf({ op: 'replace', value: { active: true } }));
    expect([patched.status, patched.json['active']]).toEqual([200, true]);
    const gone = await scim.send('DELETE', `/Users/${id}`);
    expect([gone.status, gone.json]).toEqual([204, {}]);
    expect((await get(`/Users/${id}`)).status).toBe(404);
    expect((await scim.send('DELETE', `/Users/${id}`)).status).toBe(404);
  });

  it('are found as Entra does it: a stranger is an empty list, who is not active is still there', async () => {
    expect((await find('userName eq "6e5ae2b6-6a53-4c2c-9f0e-random"')).json).toMatchObject({ totalResults: 0, Resources: [] });
    const user = await made(scim, 'Users', fresh({ active: 'False', emails: [{ type: 'work', value: `w${count}@acme.example` }] }));
    expect(user['active']).toBe(false);
    const filters = [
      `externalId eq "${String(user['externalId'])}"`,
      `id eq "${user.id}"`,
      `emails[type eq "work"].value eq "w${count - 1}@acme.example"`,
      `emails[type eq "work"].value eq "w${count}@acme.example"`,
    ];
    const found = await Promise.all(filters.map(async (filter) => idsOf(await find(filter))));
    expect([found[0], found[1], [...(found[2] ?? []), ...(found[3] ?? [])]]).toEqual([[user.id], [user.id], [user.id]]);
    expect(idsOf(await find(`externalId eq "${String(user['externalId']).toUpperCase()}"`))).toEqual([]);
  });

  it('have quotes, pluses and apostrophes in their names, however the query is encoded', async () => {
    const userName = `o'neil+te st"q${(count += 1)}@acme.example`;
    const user = await made(scim, 'Users', { userName });
    const filter = `userName eq ${JSON.stringify(userName)}`;
    const ways = [
      encodeURIComponent(filter),
      encodeURIComponent(filter).replaceAll('%2B', '+'),
      encodeURIComponent(filter).replaceAll('%20', '+'),
    ];
    for (const way of ways) expect(idsOf(await get(`/Users?filter=${way}`))).toEqual([user.id]);
  });

  it('come in pages whose order stays, each once [W129]', async () => {
    for (let index = 0; index < 5; index += 1) await made(scim, 'Users', fresh());
    const all = idsOf(await get('/Users?count=1000000000'));
    expect(all.length).toBeGreaterThanOrEqual(5);
    const pages: string[] = [];
    for (let start = 1; start <= all.length; start += 2) {
      const page = await get(`/Users?startIndex=${start}&count=2`);
      expect(page.json).toMatchObject({ totalResults: all.length, startIndex: start });
      pages.push(...idsOf(page));
    }
    expect(pages).toEqual(all);
    expect((await get('/Users?count=-1')).json).toMatchObject({ totalResults: all.length, itemsPerPage: 0 });
    expect((await get(`/Users?startIndex=${all.length + 1}`)).json).toMatchObject({ totalResults: all.length, Resources: [] });
    expect(idsOf(await get('/Users?startIndex=-4&count=1'))).toEqual(all.slice(0, 1));
  });

  it('show the attributes that were asked for', async () => {
    const { id } = await made(scim, 'Users', fresh({ title: 'T', displayName: 'D' }));
    const keys = async (query: string) => Object.keys((await get(`/Users/${id}?${query}`)).json).sort();
    expect(await keys('attributes=userName,urn:ietf:params:scim:schemas:core:2.0:User:TITLE')).toEqual([
      'id',
      'meta',
      'schemas',
      'title',
      'userName',
    ]);
    expect(await keys('excludedAttributes=title,displayName')).toEqual(['active', 'externalId', 'id', 'meta', 'schemas', 'userName']);
    const listed = (await find(`id eq "${id}"`, '&attributes=active')).json['Resources'] as Resource[];
    expect(Object.keys(listed[0] ?? {}).sort()).toEqual(['active', 'id', 'meta', 'schemas']);
  });
});

describe('identifiers that collide [W127]', () => {
  it.each<[string, () => Promise<string>]>([
    ['1', async () => Promise.resolve('1')],
    ['the id of another row', async () => (await made(scim, 'Users', fresh())).id],
    ['a subject of somebody who signs in', async () => Promise.resolve('demo-0002')],
    ['an address of somebody else', async () => Promise.resolve('bob@demo.example')],
    ['a key of a database', async () => Promise.resolve('$where')],
    ['a name every object has', async () => Promise.resolve('__proto__')],
  ])('an external id that is %s is an attribute and no id [W127]', async (_, externalId) => {
    const value = await externalId();
    const user = await made(scim, 'Users', { ...fresh(), externalId: value });
    expect(user.id).toMatch(/^[\w-]{22}$/);
    expect([user['externalId'], user.id === value]).toEqual([value, false]);
    const found = await get(`/Users/${encodeURIComponent(value)}`);
    expect(found.status === 404 || found.json['externalId'] !== value).toBe(true);
  });

  it.each<[string, (user: Resource) => Record<string, unknown>]>([
    ['the user name', ({ userName }) => ({ ...fresh(), userName })],
    ['the user name in another case', ({ userName }) => ({ ...fresh(), userName: String(userName).toUpperCase() })],
    ['the external id', ({ externalId }) => ({ ...fresh(), externalId })],
  ])('%s of somebody is taken, for a new one and for one that is there [W127]', async (_, same) => {
    const [first, second] = [await made(scim, 'Users', fresh()), await made(scim, 'Users', fresh())];
    const before = await provisionedRows(system);
    const answers = [await scim.send('POST', '/Users', same(first)), await scim.send('PUT', `/Users/${second.id}`, same(first))];
    for (const answer of answers) expect(told(answer)).toEqual([409, [errorSchema], '409', 'uniqueness']);
    expect(await provisionedRows(system)).toEqual(before);
  });

  it('the same name and external id at another connection are somebody else [W127] [W120]', async () => {
    const other = await scimClient(system, 'other');
    const user = fresh();
    const [here, there] = [await made(scim, 'Users', user), await made(other, 'Users', user)];
    expect(here.id).not.toBe(there.id);
    const rows = (await system.engine.page(provisionedUsers, { limit: 1000 })).filter(({ userName }) => userName === user.userName);
    expect(new Set(rows.map(({ identityId }) => identityId)).size).toBe(2);
  });

  it('of twenty who make the same one at once one does', async () => {
    const user = fresh();
    const answers = await Promise.all(Array.from({ length: 20 }, () => scim.send('POST', '/Users', user)));
    const statuses = answers.map(({ status }) => status).sort((a, b) => a - b);
    expect(statuses).toEqual([201, ...Array.from({ length: 19 }, () => 409)]);
  });
});

describe('groups', () => {
  const groupName = () => `Group ${(count += 1)}`;
  const membersOf = async (id: string) =>
    ((await get(`/Groups/${id}`)).json['members'] as { value: string }[]).map(({ value }) => value).sort();
  const patch = (id: string, ...operations: unknown[]) => scim.send('PATCH', `/Groups/${id}`, patchOf(...operations));
  const groupsOf = async (id: string) =>
    ((await get(`/Users/${id}`)).json['groups'] as { display: string }[] | undefined)?.map(({ display }) => display) ?? [];

  it('are made, filled, renamed, emptied and removed, and every person says which they are in', async () => {
    const [ana, bo] = [await made(scim, 'Users', fresh()), await made(scim, 'Users', fresh())];
    const displayName = groupName();
    const added = await scim.send('POST', '/Groups', { displayName, externalId: 'e', members: [{ value: ana.id }] });
    const id = String(added.json['id']);
    expect([added.status, added.headers.get('location')]).toEqual([201, `${scim.base}/Groups/${id}`]);
    expect([await membersOf(id), await groupsOf(ana.id), await groupsOf(bo.id)]).toEqual([[ana.id], [displayName], []]);
    for (const _ of [1, 2]) expect((await patch(id, { op: 'Add', path: 'members', value: [{ value: bo.id }] })).status).toBe(200);
    expect([await membersOf(id), await groupsOf(bo.id)]).toEqual([[ana.id, bo.id].sort(), [displayName]]);
    const renamed = groupName();
    expect((await patch(id, { op: 'replace', value: { id, displayName: renamed } })).json['displayName']).toBe(renamed);
    expect([await groupsOf(ana.id), await groupsOf(bo.id)]).toEqual([[renamed], [renamed]]);
    for (const _ of [1, 2]) expect((await patch(id, { op: 'Remove', path: 'members', value: [{ value: bo.id }] })).status).toBe(200);
    expect([await membersOf(id), await groupsOf(bo.id)]).toEqual([[ana.id], []]);
    await patch(id, { op: 'replace', path: 'members', value: [{ value: bo.id }] });
    expect([await membersOf(id), await groupsOf(ana.id), await groupsOf(bo.id)]).toEqual([[bo.id], [], [renamed]]);
    await patch(id, { op: 'remove', path: `members[value eq "${bo.id}"]` });
    expect([await membersOf(id), await groupsOf(bo.id)]).toEqual([[], []]);
    await scim.send('PUT', `/Groups/${id}`, { displayName: renamed, members: [{ value: ana.id }, { value: bo.id }] });
    expect([await groupsOf(ana.id), await groupsOf(bo.id)]).toEqual([[renamed], [renamed]]);
    expect((await scim.send('DELETE', `/Groups/${id}`)).status).toBe(204);
    expect([(await get(`/Groups/${id}`)).status, await groupsOf(ana.id), await groupsOf(bo.id)]).toEqual([404, [], []]);
  });

  it('are found by name and by member, with their members or without', async () => {
    const ana = await made(scim, 'Users', fresh());
    const group = await made(scim, 'Groups', { displayName: groupName(), members: [{ value: ana.id }] });
    const search = async (filter: string, more = '') =>
      (await get(`/Groups?filter=${encodeURIComponent(filter)}${more}`)).json['Resources'] as Resource[];
    const byName = await search(`displayName eq "${String(group['displayName']).toLowerCase()}"`);
    expect(byName.map(({ id, members }) => [id, members])).toEqual([[group.id, [{ value: ana.id, type: 'User' }]]]);
    expect(await search(`displayName eq "${String(group['displayName'])}"`, '&excludedAttributes=members')).toEqual([
      expect.not.objectContaining({ members: expect.anything() }),
    ]);
    for (const filter of [
      `id eq "${group.id}" and members eq "${ana.id}"`,
      `members.value eq "${ana.id}"`,
      `members[value eq "${ana.id}"]`,
    ])
      expect((await search(filter)).map(({ id }) => id)).toEqual([group.id]);
    expect(await search(`id eq "${group.id}" and members eq "x"`)).toEqual([]);
    expect((await get(`/Groups/${group.id}?excludedAttributes=members`)).json).not.toHaveProperty('members');
    expect(told(await get(`/Groups?filter=${encodeURIComponent('members pr')}`))).toEqual([400, [errorSchema], '400', 'invalidFilter']);
  });

  it('have a name nobody else has, and nobody in them who is not there; then nothing is changed', async () => {
    const ana = await made(scim, 'Users', fresh());
    const [one, two] = [await made(scim, 'Groups', { displayName: groupName() }), await made(scim, 'Groups', { displayName: groupName() })];
    const before = await provisionedRows(system);
    const same = String(one['displayName']).toUpperCase();
    expect(told(await scim.send('POST', '/Groups', { displayName: same }))).toEqual([409, [errorSchema], '409', 'uniqueness']);
    expect(told(await patch(two.id, { op: 'replace', path: 'displayName', value: same }))).toEqual([
      409,
      [errorSchema],
      '409',
      'uniqueness',
    ]);
    const strangers = [{ value: ana.id }, { value: 'nobody' }];
    expect((await patch(one.id, { op: 'add', path: 'members', value: strangers })).status).toBe(404);
    expect((await scim.send('POST', '/Groups', { displayName: groupName(), members: strangers })).status).toBe(404);
    expect(await provisionedRows(system)).toEqual(before);
  });

  it('who is removed is in none any more, and their id is no one’s', async () => {
    const ana = await made(scim, 'Users', fresh());
    const group = await made(scim, 'Groups', { displayName: groupName(), members: [{ value: ana.id }] });
    await scim.send('DELETE', `/Users/${ana.id}`);
    expect(await membersOf(group.id)).toEqual([]);
  });

  it('two groups that take somebody in at once are both in the end what they are in', async () => {
    const ana = await made(scim, 'Users', fresh());
    const groups = await Promise.all(Array.from({ length: 8 }, () => made(scim, 'Groups', { displayName: groupName() })));
    await Promise.all(groups.map(({ id }) => patch(id, { op: 'add', path: 'members', value: [{ value: ana.id }] })));
    expect((await groupsOf(ana.id)).sort()).toEqual(groups.map((group) => String(group['displayName'])).sort());
    await Promise.all(
      groups.map(({ id }, index) =>
        index % 2 === 0
          ? patch(id, { op: 'remove', path: 'members' })
          : patch(id, { op: 'replace', path: 'displayName', value: groupName() }),
      ),
    );
    const left = await Promise.all(
      groups.filter((_, index) => index % 2 === 1).map(async ({ id }) => String((await get(`/Groups/${id}`)).json['displayName'])),
    );
    expect((await groupsOf(ana.id)).sort()).toEqual(left.sort());
  });
});

describe('what is malformed is an error of SCIM and never ours', () => {
  const bodies: [string, unknown, number][] = [
    ['nothing', '', 400],
    ['no JSON', '{', 400],
    ['a list', [], 400],
    ['null', null, 400],
    ['a member twice', '{"userName":"a","userName":"b"}', 400],
    ['a prototype', '{"__proto__":{"active":true},"userName":"a"}', 400],
    ['no name', {}, 400],
    ['a name that is an object', { userName: { $gt: '' } }, 400],
    ['a name with a line in it', { userName: 'a\nb' }, 400],
    ['addresses that are numbers', { userName: 'a', emails: [1] }, 400],
    ['a depth of a hundred', `{"userName":"a","x":${'['.repeat(100)}${']'.repeat(100)}}`, 400],
    ['too much', JSON.stringify({ userName: 'a', title: 'x'.repeat(1_100_000) }), 413],
  ];

  it.each(bodies)('POST, PUT and PATCH of %s', async (_, body, status) => {
    const { id } = await made(scim, 'Users', fresh());
    const before = await provisionedRows(system);
    const answers = [
      await scim.send('POST', '/Users', body),
      await scim.send('PUT', `/Users/${id}`, body),
      await scim.send('PATCH', `/Users/${id}`, body),
    ];
    for (const answer of answers)
      expect([answer.status, answer.json['schemas'], answer.json['status']]).toEqual([status, [errorSchema], String(status)]);
    expect(await provisionedRows(system)).toEqual(before);
  });

  it.each([
    'filter=$where eq "1"',
    'filter=userName regex ".*"',
    `filter=${Array.from({ length: 500 }, () => 'id pr').join(' or ')}`,
    'count=1e9',
    'startIndex=x',
    'count=1&count=2',
    'filter=%ff',
  ])('GET with %s [W129]', async (query) => {
    const answer = await get(`/Users?${query.includes('%ff') ? query : query.replaceAll(' ', '%20').replaceAll('"', '%22')}`);
    expect([answer.status, answer.json['schemas']]).toEqual([400, [errorSchema]]);
  });

  it('another type of content is refused, and JSON by its plain name is not', async () => {
    const send = (type: string) => scim.send('POST', '/Users', JSON.stringify(fresh()), { 'Content-Type': type });
    expect((await send('text/plain')).status).toBe(415);
    expect((await send('application/x-www-form-urlencoded')).status).toBe(415);
    expect((await send('application/json')).status).toBe(201);
    expect((await send('application/scim+json; charset=utf-8')).status).toBe(201);
  });

  it('leaves no fault in the log', () => {
    expect(system.lines.filter((line) => /"event":"fault"|"status":500/.test(line))).toEqual([]);
    expect(system.lines.length).toBeGreaterThan(100);
  });
});
