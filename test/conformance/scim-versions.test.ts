/** Versions and dates of what is provisioned, and changes that name the version they mean. RFC 7644 §3.14. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DocumentEngine } from '../../src/ports/document-engine.ts';
import { StoreUnavailable } from '../../src/ports/document-engine.ts';
import { auditEvents } from '../../src/stores/collections.ts';
import { provisionedMembers } from '../../src/stores/provisioned-collections.ts';
import type { Resource, ScimClient, ScimReply } from '../support/scim.ts';
import { made, patchOf, provisioned, provisionedRows, scimClient } from '../support/scim.ts';
import { startSecondInstance } from '../support/second-instance.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';

/** Whether nobody can join a group. */
let isDown = false;
const faulty = (engine: DocumentEngine): DocumentEngine =>
  new Proxy(engine, {
    get: (target, name: keyof DocumentEngine) => {
      const method = (target[name] as ((...given: unknown[]) => unknown) | undefined)?.bind(target);
      if (method === undefined) return undefined;
      return (...given: unknown[]) =>
        isDown && name === 'insert' && given[0] === provisionedMembers
          ? Promise.reject(new StoreUnavailable('down for a test'))
          : method(...given);
    },
  });

let system: System;
let scim: ScimClient;
/** The same broker's other instance, over the same store. */
let elsewhere: Awaited<ReturnType<typeof startSecondInstance>>;
beforeAll(async () => {
  system = await startSystem({ configure: provisioned(), wrapEngine: faulty });
  scim = await scimClient(system);
  elsewhere = await startSecondInstance(system);
});
afterAll(async () => {
  await elsewhere.close();
  await system.close();
});

let count = 0;
const person = (more: Record<string, unknown> = {}) => {
  count += 1;
  return made(scim, 'Users', { userName: `v${count}@acme.example`, externalId: `v${count}`, ...more });
};
const group = (members: readonly Resource[] = [], more: Record<string, unknown> = {}) => {
  count += 1;
  return made(scim, 'Groups', { displayName: `Versions ${count}`, members: members.map(({ id }) => ({ value: id })), ...more });
};

interface Meta {
  readonly created: string;
  readonly lastModified: string;
  readonly version?: string;
}
const metaOf = ({ meta }: Readonly<Record<string, unknown>>) => meta as Meta;
const pathOf = ({ id, userName }: Resource) => `/${userName === undefined ? 'Groups' : 'Users'}/${id}`;
const read = async (of: Resource) => (await scim.send('GET', pathOf(of))).json as Resource;
const metaNow = async (of: Resource) => metaOf(await read(of));
const membersOf = async (of: Resource) => ((await read(of))['members'] as { value: string }[]).map(({ value }) => value).sort();
const refused = ({ status, json }: ScimReply) => [status, json['status'], json['scimType'] ?? null];
const patch = (of: Resource, operation: unknown, headers: Record<string, string> = {}) =>
  scim.send('PATCH', pathOf(of), patchOf(operation), headers);
const title = (text: string) => ({ op: 'replace', path: 'title', value: text });
const member = (op: string, of: Resource) => ({ op, path: 'members', value: [{ value: of.id }] });
const eventsAbout = async ({ id }: Resource) =>
  (await system.engine.page(auditEvents, { limit: 1000 }))
    .map(({ event }) => event as { readonly event: string; readonly provisionedId?: string })
    .filter(({ provisionedId }) => provisionedId === id);

describe('the dates and the version of a resource', () => {
  it('are said by itself, in the header, and in a list', async () => {
    expect((await scim.send('GET', '/ServiceProviderConfig')).json['etag']).toEqual({ supported: true });
    for (const resource of [await person(), await group()]) {
      const { created, lastModified, version } = metaOf(resource);
      expect([created, Math.abs(Date.parse(created) - Date.now()) < 60_000]).toEqual([lastModified, true]);
      const one = await scim.send('GET', pathOf(resource));
      expect([one.headers.get('etag'), metaOf(one.json)]).toEqual([version, metaOf(resource)]);
      const listed = await scim.send('GET', `${pathOf(resource).replace(/[^/]+$/, '')}?filter=id%20eq%20%22${resource.id}%22`);
      expect([listed.headers.get('etag'), metaOf((listed.json['Resources'] as Resource[])[0] as Resource)]).toEqual([
        null,
        metaOf(resource),
      ]);
    }
  });

  it('move with what is changed, of a person also with their groups and of a group with its members', async () => {
    const [ana, bo] = [await person(), await person()];
    const engineers = await group([bo]);
    const seen = new Map<Resource, Meta>();
    const moved = async () => {
      const all = await Promise.all([ana, bo, engineers].map(async (each) => [each, await metaNow(each)] as const));
      const changed = all.filter(([each, now]) => now.version !== seen.get(each)?.version);
      for (const [each, now] of changed) {
        const before = seen.get(each);
        if (before !== undefined) expect([now.lastModified > before.lastModified, now.created]).toEqual([true, before.created]);
      }
      for (const [each, now] of all) {
        if (!changed.some(([one]) => one === each)) expect(now).toEqual(seen.get(each));
        seen.set(each, now);
      }
      system.clock.advance(1000);
      return changed.map(([each]) => each);
    };
    await moved();
    await patch(ana, title('Lead'));
    expect(await moved()).toEqual([ana]);
    await patch(engineers, member('add', ana));
    expect(await moved()).toEqual([ana, engineers]);
    await patch(engineers, { op: 'replace', path: 'displayName', value: `Versions ${(count += 1)} renamed` });
    expect(await moved()).toEqual([ana, bo, engineers]);
    await patch(engineers, member('remove', bo));
    expect(await moved()).toEqual([bo, engineers]);
    expect(await moved()).toEqual([]);
  });

  it('do not move when nothing is different, however it is said, and nothing is on record of it', async () => {
    const ana = await person({
      title: 'T',
      name: { givenName: 'Ana', familyName: 'Lis' },
      emails: [{ value: 'a@b.example', type: 'work' }],
    });
    const engineers = await group([ana], { externalId: 'e' });
    const before = [await metaNow(ana), await metaNow(engineers), await provisionedRows(system)];
    const [told, toldOfGroup] = [await eventsAbout(ana), await eventsAbout(engineers)];
    system.clock.advance(5000);
    const { id: _id, meta: _meta, ...whole } = ana;
    const { id: _of, meta: _at, ...wholeGroup } = engineers;
    const answers = [
      await scim.send('PUT', pathOf(ana), { ...whole, name: { familyName: 'Lis', givenName: 'Ana' }, locale: 'en' }),
      await patch(ana, title('T')),
      await patch(ana, { op: 'Add', path: 'emails[type eq "work"].value', value: 'a@b.example' }),
      await patch(ana, { op: 'Replace', path: 'active', value: 'True' }),
      await scim.send('PUT', pathOf(engineers), wholeGroup),
      await patch(engineers, member('Add', ana)),
      await patch(engineers, { op: 'replace', value: { id: engineers.id, displayName: engineers['displayName'] } }),
      await patch(engineers, member('remove', await person())),
    ];
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect([await metaNow(ana), await metaNow(engineers)]).toEqual(before.slice(0, 2));
    expect([await eventsAbout(ana), await eventsAbout(engineers)]).toEqual([told, toldOfGroup]);
    expect((await patch(engineers, member('Remove', ana))).json['meta']).not.toEqual(before[1]);
  });

  it('move with a group whose member is removed altogether', async () => {
    const ana = await person();
    const engineers = await group([ana]);
    const before = await metaNow(engineers);
    system.clock.advance(1000);
    await scim.send('DELETE', pathOf(ana));
    const after = await metaNow(engineers);
    expect([after.version === before.version, after.lastModified > before.lastModified]).toEqual([false, true]);
    // The deletion is its own: the next one still goes by what is there.
    expect((await patch(engineers, { op: 'remove', path: 'members' }, { 'If-Match': after.version ?? '' })).status).toBe(200);
  });

  it('are nothing to find by', async () => {
    for (const filter of [
      'meta.lastModified gt "2020-01-01T00:00:00Z"',
      'meta.version eq "W/\\"1\\""',
      'meta pr',
      'id pr and meta.created pr',
    ])
      expect(refused(await scim.send('GET', `/Users?filter=${encodeURIComponent(filter)}`))).toEqual([400, '400', 'invalidFilter']);
  });
});

describe('a request that names a version', () => {
  it('is told that nothing is new, or what is, and never by what was asked of it before', async () => {
    for (const resource of [await person(), await group([await person()])]) {
      const { version = '' } = metaOf(resource);
      const ask = (fields: Record<string, string>) => scim.send('GET', pathOf(resource), undefined, fields);
      for (const known of [version, version.replace('W/', ''), `"other", ${version}`, '*']) {
        const answer = await ask({ 'If-None-Match': known });
        expect([answer.status, answer.headers.get('etag'), answer.headers.get('content-type'), answer.json]).toEqual([
          304,
          version,
          null,
          {},
        ]);
      }
      expect((await ask({ 'If-None-Match': 'W/"0"' })).json).toEqual(resource);
      expect((await ask({ 'If-Match': version })).json).toEqual(resource);
      expect(refused(await ask({ 'If-Match': 'W/"0"' }))).toEqual([412, '412', null]);
      await patch(resource, { op: 'replace', path: 'displayName', value: `Other ${(count += 1)}` });
      expect((await ask({ 'If-None-Match': version })).status).toBe(200);
    }
  });

  it.each<[string, () => Promise<Resource>]>([
    ['a person', () => person()],
    ['a group', async () => group([await person()])],
  ])('changes and removes %s of that version alone, and no row of another [W124]', async (_, make) => {
    const resource = await make();
    const old = metaOf(resource).version ?? '';
    expect((await patch(resource, { op: 'replace', path: 'displayName', value: `Now ${(count += 1)}` }, { 'If-Match': old })).status).toBe(
      200,
    );
    const [rows, events] = [await provisionedRows(system), await eventsAbout(resource)];
    const { id: _id, meta: _meta, ...whole } = resource;
    const headers: Record<string, string>[] = [{ 'If-Match': old }, { 'If-Match': 'W/"x=/+", "y"' }, { 'If-None-Match': '*' }];
    for (const fields of headers)
      for (const [method, body] of [
        ['PUT', whole],
        [
          'PATCH',
          patchOf(
            { op: 'replace', path: 'displayName', value: 'Lost' },
            ...(whole['members'] === undefined ? [] : [{ op: 'remove', path: 'members' }]),
          ),
        ],
        ['DELETE', undefined],
      ] as const)
        expect(refused(await scim.send(method, pathOf(resource), body, fields))).toEqual([412, '412', null]);
    for (const malformed of ['1', 'W/1', '"a', '*, "a"', `"${'a'.repeat(200)}"`])
      expect(refused(await scim.send('DELETE', pathOf(resource), undefined, { 'If-Match': malformed }))).toEqual([
        400,
        '400',
        'invalidValue',
      ]);
    expect([await provisionedRows(system), await eventsAbout(resource)]).toEqual([rows, events]);
    const now = (await metaNow(resource)).version ?? '';
    const put = await scim.send('PUT', pathOf(resource), whole, { 'If-Match': `"7x", ${now}`, 'If-None-Match': old });
    expect([put.status, put.headers.get('etag') === now, put.headers.get('etag')]).toEqual([200, false, metaOf(put.json).version]);
    expect((await patch(resource, { op: 'replace', path: 'displayName', value: `Any ${(count += 1)}` }, { 'If-Match': '*' })).status).toBe(
      200,
    );
    const gone = await scim.send('DELETE', pathOf(resource), undefined, { 'If-Match': (await metaNow(resource)).version ?? '' });
    expect([gone.status, (await scim.send('GET', pathOf(resource))).status]).toEqual([204, 404]);
    expect((await scim.send('DELETE', pathOf(resource), undefined, { 'If-Match': '*' })).status).toBe(404);
  });
});

describe('a group whose change was cut off', () => {
  it('has no version, which nobody can mean, until the same is sent again', async () => {
    const [ana, bo] = [await person(), await person()];
    const engineers = await group([bo]);
    const whole = { displayName: `Cut off ${(count += 1)}`, members: [{ value: ana.id }] };
    const before = metaOf(engineers).version ?? '';
    isDown = true;
    const failed = await scim.send('PUT', pathOf(engineers), whole);
    isDown = false;
    expect([failed.status, failed.headers.get('retry-after')]).toEqual([503, '5']);
    const half = await scim.send('GET', pathOf(engineers));
    expect([half.status, half.headers.get('etag'), metaOf(half.json).version]).toEqual([200, null, undefined]);
    const row = await system.engine.get({ name: 'provisioned_groups', unique: [], indexes: [], expires: null }, engineers.id);
    const version = row?.['version'];
    for (const named of [before, `W/"${String(version)}"`])
      expect((await scim.send('PUT', pathOf(engineers), whole, { 'If-Match': named })).status).toBe(412);
    expect((await scim.send('GET', pathOf(engineers), undefined, { 'If-None-Match': `W/"${String(version)}"` })).status).toBe(200);
    // At once: nobody waits for whoever has given up.
    const began = Date.now();
    const again = await scim.send('PUT', pathOf(engineers), whole);
    expect([again.status, again.json['displayName'], await membersOf(engineers), Date.now() - began < 3000]).toEqual([
      200,
      whole.displayName,
      [ana.id],
      true,
    ]);
    expect(again.headers.get('etag')).toMatch(/^W\/"\d+"$/);
    expect([(await read(bo))['groups'], (await read(ana))['groups']]).toEqual([
      undefined,
      [{ value: engineers.id, display: whole.displayName }],
    ]);
  });
});

describe('two at once', () => {
  const fields = () => ({ Authorization: `Bearer ${scim.token}`, 'Content-Type': 'application/scim+json' });
  /** The same request of this instance and of the other. */
  const both = (method: string, of: Resource, body: unknown, headers: Record<string, string> = {}): Promise<number[]> =>
    Promise.all([
      scim.send(method, pathOf(of), body, headers).then(({ status }) => status),
      elsewhere.send(method, `/scim/v2/demo${pathOf(of)}`, body, { ...fields(), ...headers }),
    ]);

  it('who send the same have one effect', async () => {
    const [ana, bo] = [await person(), await person()];
    const engineers = await group([bo]);
    for (const [of, operation] of [
      [ana, title('Once')],
      [engineers, member('add', ana)],
      [engineers, member('remove', bo)],
    ] as const) {
      const before = Number(/\d+/.exec((await metaNow(of)).version ?? '')?.[0]);
      expect(await both('PATCH', of, patchOf(operation))).toEqual([200, 200]);
      if (of === ana) expect((await metaNow(of)).version).toBe(`W/"${before + 1}"`);
    }
    expect([await membersOf(engineers), (await read(ana))['title'], (await read(ana))['groups']]).toEqual([
      [ana.id],
      'Once',
      [{ value: engineers.id, display: engineers['displayName'] }],
    ]);
    expect((await read(bo))['groups']).toBeUndefined();
    expect(
      (await system.engine.page({ name: 'provisioned_members', unique: [], indexes: [], expires: null }, { limit: 1000 })).filter(
        ({ groupId }) => groupId === engineers.id,
      ),
    ).toHaveLength(1);
  });

  it('who mean the same version are one who has it and one who is told [W124]', async () => {
    const [ana, bo, cy] = [await person(), await person(), await person()];
    const engineers = await group([ana, bo]);
    for (const [of, body] of [
      [ana, { userName: ana['userName'], externalId: ana['externalId'], title: 'whole' }],
      [engineers, { displayName: engineers['displayName'], members: [{ value: cy.id }] }],
    ] as const) {
      const statuses = await both('PUT', of, body, { 'If-Match': (await metaNow(of)).version ?? '' });
      expect(statuses.sort((a, b) => a - b)).toEqual([200, 412]);
    }
    expect([await membersOf(engineers), (await read(ana))['title']]).toEqual([[cy.id], 'whole']);
    expect((await read(bo))['groups']).toBeUndefined();
  });

  it.each([1, 2, 3])('whole groups leave it as one of them says, every person too (%s)', async () => {
    const people = await Promise.all(Array.from({ length: 6 }, () => person()));
    const engineers = await group(people.slice(0, 2));
    const ids = people.map(({ id }) => id);
    const whole = (of: readonly string[]) => ({ displayName: engineers['displayName'], members: of.map((value) => ({ value })) });
    const path = `/scim/v2/demo${pathOf(engineers)}`;
    const halves = [ids.slice(0, 3), ids.slice(3)];
    const statuses = await Promise.all([
      scim.send('PUT', pathOf(engineers), whole(halves[0] ?? [])).then(({ status }) => status),
      elsewhere.send('PUT', path, whole(halves[1] ?? []), fields()),
      scim.send('PUT', pathOf(engineers), whole(halves[1] ?? [])).then(({ status }) => status),
    ]);
    expect(statuses).toEqual([200, 200, 200]);
    const members = await membersOf(engineers);
    expect(halves.map((half) => [...half].sort())).toContainEqual(members);
    const held = await Promise.all(people.map(async (each) => [each.id, (await read(each))['groups'] !== undefined] as const));
    expect(
      held
        .filter(([, isIn]) => isIn)
        .map(([id]) => id)
        .sort(),
    ).toEqual(members);
    expect((await metaNow(engineers)).version).toMatch(/^W\/"\d+"$/);
  });

  it('a whole person and part of one: neither is half of the other, and with a version nothing is lost', async () => {
    const ana = await person({ title: 'before', displayName: 'before' });
    const { id: _id, meta: _meta, ...whole } = ana;
    await Promise.all([scim.send('PUT', pathOf(ana), { ...whole, title: 'whole', displayName: 'whole' }), patch(ana, title('part'))]);
    const { title: now, displayName } = await read(ana);
    expect([
      ['part', 'whole'],
      ['whole', 'whole'],
    ]).toContainEqual([now, displayName]);
    const { version = '' } = await metaNow(ana);
    const answers = await Promise.all([
      scim.send('PUT', pathOf(ana), { ...whole, title: 'third', displayName: 'third' }, { 'If-Match': version }),
      patch(ana, title('fourth'), { 'If-Match': version }),
    ]);
    const won = answers.findIndex(({ status }) => status === 200);
    expect([answers.map(({ status }) => status).sort((a, b) => a - b), (await read(ana))['title']]).toEqual([
      [200, 412],
      won === 0 ? 'third' : 'fourth',
    ]);
  });

  it('twenty who add one person each to the same group: all are in it', async () => {
    const people = await Promise.all(Array.from({ length: 20 }, () => person()));
    const engineers = await group();
    const answers = await Promise.all(people.map((each) => patch(engineers, member('add', each))));
    expect(answers.map(({ status }) => status)).toEqual(people.map(() => 200));
    expect(await membersOf(engineers)).toEqual(people.map(({ id }) => id).sort());
  });
});
