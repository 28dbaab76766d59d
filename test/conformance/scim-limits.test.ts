/** What provisioning may cost: guesses, people who take their time, and how much is kept. */
import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mostGroups, mostMembers } from '../../src/domain/scim-members.ts';
import { provisionedMembers, provisionedUsers, scimTokens } from '../../src/stores/provisioned-collections.ts';
import { postForm, register } from '../support/client.ts';
import { many } from '../support/many.ts';
import type { Resource, ScimClient } from '../support/scim.ts';
import { made, patchOf, provisioned, provisionedRows, scimClient } from '../support/scim.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';
import { withinOneMinute } from '../support/wire.ts';

const most = 5;
let system: System;
let scim: ScimClient;
beforeAll(async () => {
  system = await startSystem({
    configure: (config) => ({
      ...provisioned()(config),
      limits: { ...config.limits, tokenFailuresPerMinute: most, scimFailuresPerMinute: most },
    }),
  });
  scim = await scimClient(system);
});
afterAll(() => system.close());

const wrong = `db_scim_${'a'.repeat(43)}`;
const ask = (token: string, connection = 'demo') =>
  fetch(`${system.issuer}/scim/v2/${connection}/Users?count=1`, { headers: { Authorization: `Bearer ${token}` } });
const tooMany = async (count: number, send: () => Promise<Response>) => {
  const statuses: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const response = await send();
    await response.text();
    statuses.push(response.status);
  }
  return statuses;
};
const repeated = (status: number, count = most) => Array.from({ length: count }, () => status);

describe('guesses at provisioning', () => {
  let guessToken: () => Promise<Response>;
  beforeAll(async () => {
    const { client_id } = await register(system);
    guessToken = () => postForm(`${system.issuer}/token`, { grant_type: 'refresh_token', client_id, refresh_token: 'db_rt_1' });
  });
  /** Each in a minute of its own. */
  beforeEach(() => {
    system.clock.advance(60_000);
    withinOneMinute(system);
  });

  it('are limited by address, and told when to come again as SCIM tells it', async () => {
    expect(await tooMany(most + 2, () => ask(wrong))).toEqual([...repeated(401), 429, 429]);
    const limited = await ask(wrong, 'other');
    expect([limited.status, limited.headers.get('content-type'), await limited.json()]).toEqual([
      429,
      'application/scim+json; charset=utf-8',
      { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: '429', detail: 'Too many requests. Wait and try again.' },
    ]);
    const wait = Number(limited.headers.get('retry-after'));
    expect([wait > 0, wait <= 60]).toEqual([true, true]);
    system.clock.advance(60_000);
    expect((await ask(wrong)).status).toBe(401);
  });

  it('shut no app out of the token endpoint, and guesses there nobody out of provisioning', async () => {
    expect(await tooMany(most + 1, () => ask(wrong))).toEqual([...repeated(401), 429]);
    expect(await tooMany(most + 1, guessToken)).toEqual([...repeated(400), 429]);
    system.clock.advance(60_000);
    withinOneMinute(system);
    expect(await tooMany(most + 1, guessToken)).toEqual([...repeated(400), 429]);
    const unheard = await scimClient(system, 'other');
    expect((await unheard.send('GET', '/Users')).status).toBe(200);
  });

  it('shut nobody out who was good before, from the same address, for as long as they are', async () => {
    expect((await scim.send('GET', '/Users?count=1')).status).toBe(200);
    expect(await tooMany(most + 1, () => ask(wrong))).toEqual([...repeated(401), 429]);
    expect((await scim.send('GET', '/Users?count=1')).status).toBe(200);
    // Good at one connection is not good at another.
    expect((await ask(scim.token, 'other')).status).toBe(429);
    const [token] = (await system.engine.page(scimTokens)).filter(({ connectionId }) => connectionId === 'demo');
    await system.engine.delete(scimTokens, token?.id ?? '');
    expect([(await ask(scim.token)).status, (await ask(scim.token)).status]).toEqual([401, 429]);
    if (token !== undefined) await system.engine.insert(scimTokens, token);
    system.clock.advance(60_000);
    expect((await ask(scim.token)).status).toBe(200);
  });
});

/** Sends all of a request but the end of its body, and that when it is told to. */
function begun(method: string, path: string, body: unknown) {
  const text = JSON.stringify(body);
  const { port, pathname } = new URL(scim.base);
  const fields = { 'Content-Type': 'application/scim+json', 'Content-Length': String(Buffer.byteLength(text)) };
  const headers = { Host: `localhost:${port}`, Authorization: `Bearer ${scim.token}`, ...fields };
  const sent = request({ host: '127.0.0.1', port, path: `${pathname}${path}`, method, headers });
  const answered = new Promise<number>((resolve, reject) => {
    sent.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject);
  });
  sent.write(text.slice(0, -1));
  return {
    finish: async (): Promise<number> => {
      sent.end(text.slice(-1));
      return answered;
    },
  };
}

describe('a token that ends while a request is still arriving', () => {
  it('has done nothing by what comes after it [W97] [W120]', async () => {
    const ana = await made(scim, 'Users', { userName: 'slow', externalId: 'slow' });
    const bo = await made(scim, 'Users', { userName: 'slow2', externalId: 'slow2' });
    const group = await made(scim, 'Groups', { displayName: 'Slow', members: [{ value: ana.id }] });
    const requests = () => [
      begun('POST', '/Users', { userName: `slow3 ${system.clock.now()}` }),
      begun('PUT', `/Users/${ana.id}`, { userName: 'slow', externalId: 'slow', active: false }),
      begun('PATCH', `/Users/${ana.id}`, patchOf({ op: 'replace', path: 'externalId', value: 'somebody' })),
      begun('POST', '/Groups', { displayName: `Slow ${system.clock.now()}`, members: [{ value: ana.id }] }),
      begun('PUT', `/Groups/${group.id}`, { displayName: 'Slow' }),
      begun('PATCH', `/Groups/${group.id}`, patchOf({ op: 'add', path: 'members', value: [{ value: bo.id }] })),
    ];
    const before = await provisionedRows(system);
    const [token] = (await system.engine.page(scimTokens)).filter(({ connectionId }) => connectionId === 'demo');
    const late = requests();
    await new Promise((resolve) => setTimeout(resolve, 150));
    await system.engine.delete(scimTokens, token?.id ?? '');
    // Each by itself: the limit is for whoever guesses.
    const statuses = [];
    for (const each of late) {
      statuses.push(await each.finish());
      system.clock.advance(60_000);
    }
    expect(statuses).toEqual(late.map(() => 401));
    expect(await provisionedRows(system)).toEqual(before);
    // The same, held open in the same way with a token that stays, is done.
    if (token !== undefined) await system.engine.insert(scimTokens, token);
    const held = requests();
    await new Promise((resolve) => setTimeout(resolve, 150));
    const done = [];
    for (const each of held) done.push(await each.finish());
    expect(done).toEqual([201, 200, 200, 201, 200, 200]);
    expect(await provisionedRows(system)).not.toEqual(before);
  });

  it('and one that is none is refused before its body has come', async () => {
    const { pathname, port } = new URL(scim.base);
    system.clock.advance(60_000);
    const status = await new Promise<number>((resolve, reject) => {
      const headers = {
        Host: `localhost:${port}`,
        Authorization: `Bearer ${wrong}`,
        'Content-Type': 'application/json',
        'Content-Length': '1000',
      };
      const sent = request({ host: '127.0.0.1', port, path: `${pathname}/Users`, method: 'POST', headers }, (response) => {
        resolve(response.statusCode ?? 0);
        sent.destroy();
      });
      sent.on('error', reject);
      sent.write('{');
    });
    expect(status).toBe(401);
  });
});

describe('how much is kept', () => {
  const add = (group: Resource, ...ids: readonly string[]) =>
    scim.send('PATCH', `/Groups/${group.id}`, patchOf({ op: 'add', path: 'members', value: ids.map((value) => ({ value })) }));
  const refusal = async (answer: ReturnType<typeof add>) => {
    const { status, json } = await answer;
    return [status, json['scimType'], json['detail']];
  };

  it('a person is in so many groups and no more, and nothing is written of one too many [W129]', async () => {
    const [ana, bo] = [await made(scim, 'Users', { userName: 'ana' }), await made(scim, 'Users', { userName: 'bo' })];
    const group = await made(scim, 'Groups', { displayName: 'One more' });
    const inGroups = (count: number) => Array.from({ length: count }, (_, n) => ({ id: `g${n}`, displayName: `G${n}` }));
    await system.engine.updateIf(provisionedUsers, ana.id, {}, { set: { groups: inGroups(mostGroups) } }, 'after');
    const before = await provisionedRows(system);
    const tooManyGroups = [400, 'tooMany', 'A person is in at most 1000 groups.'];
    const member = [{ value: bo.id }, { value: ana.id }];
    expect(await refusal(add(group, bo.id, ana.id))).toEqual(tooManyGroups);
    expect(await refusal(scim.send('PUT', `/Groups/${group.id}`, { displayName: 'Other', members: member }))).toEqual(tooManyGroups);
    expect(await refusal(scim.send('POST', '/Groups', { displayName: 'Another', members: member }))).toEqual(tooManyGroups);
    expect(await provisionedRows(system)).toEqual(before);
    await system.engine.updateIf(provisionedUsers, ana.id, {}, { set: { groups: inGroups(mostGroups - 1) } }, 'after');
    expect((await add(group, bo.id, ana.id)).status).toBe(200);
  });

  it('a group has so many members and no more, and whoever is to leave one that is full leaves it [W129]', async () => {
    const [ana, bo] = [await made(scim, 'Users', { userName: 'cy' }), await made(scim, 'Users', { userName: 'di' })];
    const group = await made(scim, 'Groups', { displayName: 'Full', members: [{ value: ana.id }] });
    const path = `/Groups/${group.id}?excludedAttributes=members`;
    await many(mostMembers - 1, (n) =>
      system.engine.insert(provisionedMembers, { id: `${group.id}:m${n}`, groupId: group.id, userId: `m${n}` }),
    );
    const version = (await scim.send('GET', path)).headers.get('etag');
    const tooManyMembers = [400, 'tooMany', 'A group has at most 20000 members.'];
    expect(await refusal(add(group, bo.id))).toEqual(tooManyMembers);
    const everybody = Array.from({ length: mostMembers + 1 }, (_, n) => ({ value: `n${n}` }));
    expect(await refusal(scim.send('POST', '/Groups', { displayName: 'Fuller', members: everybody }))).toEqual(tooManyMembers);
    expect((await scim.send('GET', path)).headers.get('etag')).toBe(version);
    expect(await system.engine.find(provisionedMembers, 'userId', bo.id)).toEqual([]);
    const leave = patchOf({ op: 'remove', path: `members[value eq "${ana.id}"]` });
    expect((await scim.send('PATCH', path, leave)).status).toBe(200);
    expect((await add(group, bo.id)).status).toBe(200);
    // Twenty thousand rows, on whatever store.
  }, 180_000);
});
