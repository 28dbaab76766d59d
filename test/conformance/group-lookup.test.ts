/** Groups that are asked for at a directory, over the whole broker: a real exchange, a real Graph on loopback, the store and the pages. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Config } from '../../src/config/schema.ts';
import { RoleId } from '../../src/domain/ids.ts';
import type { DocumentEngine } from '../../src/ports/document-engine.ts';
import { auditEvents, groupNames, identities } from '../../src/stores/collections.ts';
import { claimsOf, refresh } from '../support/client.ts';
import type { SignedIn, Tokens } from '../support/client.ts';
import { openGraph, type FakeDirectory } from '../support/directories.ts';
import { signToken } from '../support/hostile-idp.ts';
import { begin, beginConsent, expectStopped, finishConsent, linesOf, pressDoor, rowsOf, startWithTwoIdps } from '../support/two-idps.ts';
import type { TwoIdps } from '../support/two-idps.ts';

const minute = 60_000;
const [eng, staff, mail] = [
  '0e5f0b4e-0000-4000-8000-000000000001',
  '0e5f0b4e-0000-4000-8000-000000000002',
  '0e5f0b4e-0000-4000-8000-000000000003',
];
let system: TwoIdps;
let graph: FakeDirectory;
/** How often the store was asked for something, by collection; names cannot be kept while they fail. */
let asked: Map<string, number>;
let namesFail = false;

/** Everybody in the group `staff` of the directory is an editor of Acme. */
const byDirectory = (config: Config): Config => ({
  ...config,
  connections: config.connections.map((each) =>
    each.id === 'alpha' && each.type === 'oidc'
      ? {
          ...each,
          claims: { ...each.claims, groups: '/groups' },
          groupLookup: { when: 'missing' as const, api: graph.api },
          recheck: { afterSeconds: 900, graceSeconds: 3600 },
        }
      : each,
  ),
  tenants: config.tenants.map((tenant) =>
    tenant.id === 'acme' ? { ...tenant, rules: [{ group: staff, role: RoleId.parse('editor') }] } : { ...tenant, rules: [] },
  ),
});

function watched(engine: DocumentEngine): DocumentEngine {
  return new Proxy(engine, {
    get: (target, name: keyof DocumentEngine) => {
      const method = target[name] as ((...given: unknown[]) => Promise<unknown>) | undefined;
      if (typeof method !== 'function') return method;
      return (...given: unknown[]) => {
        const { name: collection = '' } = (given[0] ?? {}) as { name?: string };
        asked.set(collection, (asked.get(collection) ?? 0) + 1);
        if (namesFail && collection === groupNames.name) return Promise.reject(new Error('away'));
        return method.apply(target, given);
      };
    },
  });
}

beforeAll(async () => {
  graph = await openGraph();
  asked = new Map();
  system = await startWithTwoIdps({ configure: byDirectory, wrapEngine: watched });
});
beforeEach(() => {
  graph.groups = [
    { id: eng, name: 'Engineering', in: [staff] },
    { id: staff, name: 'All Staff' },
    { id: mail, name: 'Newsletter', security: false },
  ];
  graph.person = { ...graph.person, in: [eng, mail] };
  system.alpha.script = {
    claims: (claims) => overage(claims),
    tokenResponse: (body) => ({ ...body, refresh_token: 'CNRYupstream' }),
  };
});
afterEach(() => {
  graph.fault = null;
  namesFail = false;
  system.alpha.script = {};
});
afterAll(async () => {
  await system.close();
  await graph.close();
});

const overage = ({ groups: _groups, ...claims }: Record<string, unknown>) => ({
  ...claims,
  _claim_names: { groups: 'src1' },
  _claim_sources: { src1: { endpoint: 'https://graph.windows.net/x/users/y/getMemberObjects' } },
});
const seconds = () => Math.floor(system.clock.now() / 1000);
const names = async () => Object.fromEntries((await rowsOf(system, groupNames)).map((row) => [row['groupId'], row['name']]));
const anas = async () => (await rowsOf(system, identities)).find(({ connectionId }) => connectionId === 'alpha');

/** Alpha renews the session with another token; the answer of ours to the app. */
async function renewed({ client, tokens }: SignedIn): Promise<Response> {
  const { issuer, client_id, key } = system.alpha;
  const honest = overage({ iss: issuer, aud: client_id, sub: 'person-1', iat: seconds(), exp: seconds() + 300 });
  const id_token = await signToken(honest, { alg: key.alg, kid: key.kid }, key);
  const answer = JSON.stringify({ access_token: 'CNRYsecond', token_type: 'Bearer', expires_in: 300, id_token });
  system.alpha.script = {
    raw: { '/token': (_request, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(answer) },
  };
  return refresh(system, client, tokens.refresh_token);
}

describe('somebody with too many groups for a token', () => {
  it('comes in by a group around theirs, at the price of one question, and is put down with its name', async () => {
    const [tokens, questions] = [system.alpha.count('/token'), graph.asked.length];
    const who = await finishConsent(system, await beginConsent(system));
    expect(claimsOf(who.tokens.access_token)).toMatchObject({ tenant: 'acme' });
    expect([system.alpha.count('/token') - tokens, graph.asked.length - questions]).toEqual([1, 1]);
    expect(await anas()).toMatchObject({ known: { groups: [eng, staff] } });
    expect(await names()).toEqual({ [eng]: 'Engineering', [staff]: 'All Staff' });
    const succeeded = (await rowsOf(system, auditEvents)).map(({ event }) => event as Record<string, unknown>);
    expect(succeeded.findLast(({ event }) => event === 'login.succeeded')?.['rule']).toContain(`group ${staff} gives editor`);
    // The token of the person is used and kept nowhere.
    expect(JSON.stringify([system.lines, await rowsOf(system, identities), await rowsOf(system, groupNames)])).not.toContain('CNRY');
  });

  it('costs the store nothing for names it has, and nothing that anybody waits for when they cannot be kept', async () => {
    await beginConsent(system);
    while (Object.keys(await names()).length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    const before = asked.get(groupNames.name);
    await beginConsent(system);
    expect(asked.get(groupNames.name)).toBe(before);
    namesFail = true;
    graph.groups = [...graph.groups, { id: '0e5f0b4e-0000-4000-8000-000000000009', name: 'New' }];
    graph.person = { ...graph.person, in: [eng, '0e5f0b4e-0000-4000-8000-000000000009'] };
    await beginConsent(system);
    expect(asked.get(groupNames.name)).toBe((before ?? 0) + 1);
    namesFail = false;
    await beginConsent(system);
    expect(Object.values(await names())).toContain('New');
  });

  it('who left the group has lost its role when Alpha is next asked, with the token that this brings [W71]', async () => {
    const who = await finishConsent(system, await beginConsent(system));
    system.clock.advance(16 * minute);
    const still = await renewed(who);
    expect(still.status).toBe(200);
    expect(graph.asked.at(-1)?.token).toBe('CNRYsecond');
    const next = { ...who, tokens: (await still.json()) as Tokens };
    graph.person = { ...graph.person, in: [mail] };
    system.clock.advance(16 * minute);
    const gone = await renewed(next);
    expect([gone.status, ((await gone.json()) as { error: string }).error]).toEqual([400, 'invalid_grant']);
    expect(await anas()).toMatchObject({ known: { groups: [] } });
  });

  it('keeps what they have when the directory does not answer at a re-check, and the log says why', async () => {
    const who = await finishConsent(system, await beginConsent(system));
    system.clock.advance(16 * minute);
    graph.fault = (_, response) => Boolean(response.writeHead(429, { 'retry-after': '30' }).end());
    expect((await renewed(who)).status).toBe(200);
    expect(linesOf(system).findLast(({ event }) => event === 'upstream.last-known')).toMatchObject({
      connection: 'alpha',
      reason: expect.stringMatching(/^group lookup: status 429, to be left alone for 30 s; told 9\d\d seconds before$/),
    });
    expect(await anas()).toMatchObject({ known: { groups: [eng, staff] } });
  });

  it.each<[string, FakeDirectory['fault'], RegExp]>([
    ['refuses', (_, response) => Boolean(response.writeHead(403).end('{"error":{"message":"CNRY"}}')), /group lookup: status 403/],
    ['hangs', () => true, /group lookup: timed out/],
  ])('does not come in when the directory %s, is told so in seconds, and loses nothing', async (_what, fault, reason) => {
    await beginConsent(system);
    const before = await anas();
    graph.fault = fault;
    const from = performance.now();
    const begun = await begin(system);
    await pressDoor(begun);
    expectStopped(system, begun.browser.page, 'groups-unknown', reason);
    expect(performance.now() - from).toBeLessThan(9_000);
    expect((await anas())?.['known']).toEqual(before?.['known']);
    expect(JSON.stringify(system.lines)).not.toContain('CNRY');
    graph.fault = null;
    await beginConsent(system);
  });
});
