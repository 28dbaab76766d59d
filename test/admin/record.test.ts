import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { auditEvents, users } from '../../src/stores/collections.ts';
import { administered, ask, signInAs } from '../support/administration.ts';
import { callTool, login, register } from '../support/client.ts';
import type { SignedIn } from '../support/client.ts';
import { grantOf } from '../support/codes.ts';
import { startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';

let system: System;
let [acme, initech, platform] = ['', '', ''];
let bob: SignedIn;
let bobId = '';
const formula = '=HYPERLINK("https://evil.example","x")';

beforeAll(async () => {
  system = await startSystem({ configure: administered });
  acme = (await signInAs(system, 'admin of acme')).tokens.access_token;
  initech = (await signInAs(system, 'admin of initech')).tokens.access_token;
  platform = (await signInAs(system, 'platform')).tokens.access_token;
  bob = await login(system, { login: 'bob', tenant: 'acme', scope: ['read'], client: await register(system, { client_name: formula }) });
  bobId = String((await grantOf(system, bob))['userId']);
  for (let call = 0; call < 5; call += 1) await callTool(system, bob.tokens.access_token, call % 2 === 0 ? 'whoami' : 'delete_notes');
});
afterAll(() => system.close());

interface Row {
  readonly id: string;
  readonly at: number;
  readonly event: string;
  readonly tenantId?: string;
  readonly userId?: string;
}
interface Page {
  readonly items: Row[];
  readonly next: string | null;
}

const search = async (query = '', token = acme, tenant = 'acme') =>
  (await ask(system, 'GET', `/tenants/${tenant}/audit${query}`, { token })).body as Page;

async function everyPage(query: string, limit: number): Promise<Row[]> {
  const found: Row[] = [];
  for (let after = ''; ;) {
    const { items, next } = await search(`?limit=${limit}${query}${after === '' ? '' : `&after=${after}`}`);
    expect(items.length).toBeLessThanOrEqual(limit);
    found.push(...items);
    if (next === null) return found;
    after = next;
  }
}

describe('the record of a tenant', () => {
  it('is found newest first, page by page, every row of that tenant once and none of another [W120]', async () => {
    const stored = (await system.engine.page(auditEvents, { limit: 1000 })).filter(({ tenantId }) => tenantId === 'acme');
    expect(stored.length).toBeGreaterThan(8);
    const found = await everyPage('', 3);
    expect(found).toHaveLength(stored.length);
    expect(new Set(found.map(({ id }) => id)).size).toBe(stored.length);
    expect(found.map(({ at }) => at)).toEqual(found.map(({ at }) => at).sort((a, b) => b - a));
    expect(await everyPage('', 200)).toEqual(found);
    const theirs = await search('', initech, 'initech');
    expect(theirs.items.some(({ userId }) => userId === bobId)).toBe(false);
  });

  it('is narrowed by event, user and time', async () => {
    const calls = await everyPage(`&event=tool.refused&user=${bobId}`, 200);
    expect(calls.map(({ event, userId }) => [event, userId])).toEqual([
      ['tool.refused', bobId],
      ['tool.refused', bobId],
    ]);
    const [newest] = await everyPage('', 200);
    expect((await everyPage(`&since=${(newest?.at ?? 0) + 1}`, 200)).length).toBe(0);
    expect((await everyPage(`&until=${(newest?.at ?? 0) + 1}`, 200)).length).toBeGreaterThan(8);
    const erin = (await system.engine.page(users)).find(({ email }) => String(email).startsWith('erin'))?.id;
    expect(await everyPage(`&user=${erin}`, 200)).toEqual([]);
    expect((await ask(system, 'GET', '/tenants/acme/audit?after=nonsense', { token: acme })).status).toBe(400);
  });

  it('never shows more than it declares', async () => {
    const text = JSON.stringify(await everyPage('', 200));
    for (const secret of [bob.tokens.access_token, bob.tokens.refresh_token, bob.code]) expect(text).not.toContain(secret);
    expect(text).not.toMatch(/"(hash|previous)"/);
  });
});

describe('the record as a file', () => {
  const exported = (format: string, query = '', token = acme) =>
    ask(system, 'GET', `/tenants/acme/audit/export?format=${format}${query}`, { token });

  it('as a table has no formula in it, whatever an app calls itself, and is saved rather than shown [W131]', async () => {
    const { status, headers, body } = await exported('csv');
    expect([status, headers.get('Content-Type'), headers.get('Content-Disposition'), headers.get('X-Content-Type-Options')]).toEqual([
      200,
      'text/csv; charset=utf-8',
      'attachment; filename="audit-acme.csv"',
      'nosniff',
    ]);
    const lines = String(body).trimEnd().split('\r\n');
    expect(lines[0]).toMatch(/^"id","at","event","rule"/);
    expect(lines.length).toBeGreaterThan(8);
    expect(String(body)).toContain(`"'=HYPERLINK(""https://evil.example"",""x"")"`);
    expect(String(body)).not.toMatch(/(^|,)"[=+\-@\t]/m);
    expect(lines[1]).toMatch(/"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"/);
  });

  it('as lines has every row once, narrowed alike, and that it was taken out is in the record', async () => {
    const { headers, body } = await exported('jsonl', '&event=tool.refused');
    expect(headers.get('Content-Type')).toBe('application/x-ndjson');
    const rows = String(body)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Row);
    expect(rows.map(({ event }) => event)).toEqual(['tool.refused', 'tool.refused']);
    const taken = (await everyPage('&event=audit.exported', 200)) as (Row & { adminId: string })[];
    expect(taken.length).toBeGreaterThan(0);
    expect(taken.every(({ adminId }) => typeof adminId === 'string' && adminId !== '')).toBe(true);
  });

  it('is not another tenant’s', async () => {
    expect((await exported('csv', '', initech)).status).toBe(404);
    expect((await exported('xlsx')).status).toBe(400);
  });
});

describe('what apps were granted', () => {
  it('is listed, narrowed and paged; one grant ends at once, another tenant’s is not there [W120]', async () => {
    const listed = async (query: string, token = acme) =>
      (await ask(system, 'GET', `/tenants/acme/grants${query}`, { token })).body as {
        items: { id: string; userId: string; client: { key: string; name: string } }[];
        next: string | null;
      };
    const { items: all } = await listed('');
    expect(all.length).toBeGreaterThan(2);
    const paged = await listed('?limit=1');
    const rest = await listed(`?after=${paged.next}`);
    expect([...paged.items, ...rest.items]).toEqual(all);
    const [own] = (await listed(`?user=${bobId}&stage=live`)).items;
    expect(own?.client.name).toBe(formula);
    expect((await listed(`?client=${own?.client.key}`)).items).toHaveLength(1);
    expect((await ask(system, 'DELETE', `/tenants/initech/grants/${own?.id}`, { token: initech })).status).toBe(404);
    expect((await callTool(system, bob.tokens.access_token, 'whoami')).status).toBe(200);
    const ended = await ask(system, 'DELETE', `/tenants/acme/grants/${own?.id}`, { token: acme });
    expect([ended.status, ended.body]).toEqual([204, '']);
    expect((await callTool(system, bob.tokens.access_token, 'whoami')).status).toBe(401);
    expect((await ask(system, 'DELETE', `/tenants/acme/grants/${own?.id}`, { token: acme })).status).toBe(204);
    const [event] = await everyPage('&event=grant.ended', 200);
    expect(event).toMatchObject({ userId: bobId, rule: 'ended by an administrator', adminId: expect.any(String) });
  });

  it('ends for a whole app in one tenant, and everywhere when it is withdrawn, which only platform does', async () => {
    const client = await register(system, { client_name: 'App' });
    const [here, there] = [
      await login(system, { login: 'bob', tenant: 'acme', scope: ['read'], client }),
      await login(system, { login: 'erin', tenant: 'initech', scope: ['read'], client }),
    ];
    const works = async () => [here, there].map(async ({ tokens }) => (await callTool(system, tokens.access_token, 'whoami')).status);
    const statuses = async () => Promise.all(await works());
    expect(await statuses()).toEqual([200, 200]);
    const key = String((await grantOf(system, here))['clientKey']);
    const counted = (await ask(system, 'GET', '/tenants/acme/clients', { token: acme })).body as { items: { key: string; live: number }[] };
    expect(counted.items).toContainEqual({ key, name: 'App', live: 1, grants: 1 });
    expect((await ask(system, 'POST', `/tenants/acme/clients/${key}/end-grants`, { token: acme })).body).toEqual({ ended: 1 });
    expect(await statuses()).toEqual([401, 200]);
    expect((await ask(system, 'POST', `/clients/${key}/withdraw`, { token: acme })).status).toBe(403);
    expect(await ask(system, 'POST', `/clients/${key}/withdraw`, { token: platform })).toMatchObject({
      status: 200,
      body: { status: 'withdrawn' },
    });
    expect(await statuses()).toEqual([401, 401]);
    expect(await ask(system, 'POST', `/clients/${key}/allow`, { token: platform })).toMatchObject({
      status: 200,
      body: { status: 'allowed' },
    });
    expect(await statuses()).toEqual([401, 200]);
    const clients = (await ask(system, 'GET', '/clients?limit=200', { token: platform })).body as { items: { key: string }[] };
    expect(clients.items.map((each) => each.key)).toContain(key);
    expect((await ask(system, 'POST', `/clients/${'x'.repeat(43)}/withdraw`, { token: platform })).status).toBe(404);
  });
});
