/** Which groups a person is in, asked of their directory with the access token of the sign-in. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { kindOf } from '../../src/connectors/kinds/known.ts';
import { openCloudIdentity, openGraph, type DirectoryGroup, type FakeDirectory } from '../support/directories.ts';
import { openHostileIdp, type HostileIdp } from '../support/hostile-idp.ts';
import { attempt } from './support.ts';
import { honestClaims, openVendor } from './vendors.ts';

type Json = Record<string, unknown>;
let idp: HostileIdp;
let directory: FakeDirectory;
beforeAll(async () => {
  idp = await openHostileIdp();
});
afterAll(() => idp.close());
afterEach(() => directory.close());

const id = (n: number): string => `0e5f0b4e-0000-4000-8000-${String(n).padStart(12, '0')}`;
const many = (count: number): DirectoryGroup[] => Array.from({ length: count }, (_, n) => ({ id: id(n), name: `Group ${String(n)}` }));
const { groups: listed, ...unlisted } = honestClaims(kindOf('entra'));
const overage = { ...unlisted, _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'https://graph.windows.net/x' } } };
const person = `${String(unlisted['tid'])}:${String(unlisted['oid'])}`;
const entra = (settings: Json = {}, client: Json = {}) =>
  openVendor('entra', idp, { ...kindOf('entra').example, groupLookup: { when: 'missing', api: directory.api, ...settings } }, client);
const google = (settings: Json = {}, client: Json = {}) =>
  openVendor('google', idp, { ...kindOf('google').example, groupLookup: { api: directory.api, ...settings } }, client);

/** A directory in which the person is in `eng`, through it in `staff`, and in a group that is for mail alone. */
function nested(): void {
  directory.groups = [
    { id: id(1), name: 'Engineering', in: [id(2)] },
    { id: id(2), name: 'Staff', in: [id(1)] },
    { id: id(3), name: 'Newsletter', security: false },
    { id: id(4), name: 'Admins' },
  ];
  directory.person = { ...directory.person, in: [id(1), id(3)] };
}

describe('Microsoft Graph', () => {
  beforeEach(async () => {
    directory = await openGraph();
    nested();
  });

  it('[Q-ENTRA-23] tells every security group of somebody with too many for the token, nested ones too, with their names [W68]', async () => {
    const vendor = entra();
    const identity = await vendor.login(overage);
    expect(identity.groups).toEqual([id(1), id(2)]);
    expect([...(identity.groupNames ?? [])]).toEqual([
      [id(1), 'Engineering'],
      [id(2), 'Staff'],
    ]);
    expect(directory.asked.map(({ token }) => token)).toEqual([expect.stringMatching(/^CNRYaccess/)]);
    expect([...vendor.hosts]).toEqual(['login.microsoftonline.com', new URL(directory.api).host]);
  });

  it('[Q-ENTRA-36] is asked too for somebody of whom the token names no group at all, and tells that there is none', async () => {
    directory.person = { ...directory.person, in: [] };
    expect(await entra().login(unlisted)).toMatchObject({ groups: [] });
    expect(directory.asked).toHaveLength(1);
  });

  it('is not asked when the token lists the groups, unless it is to be always', async () => {
    expect(await entra().login({ ...unlisted, groups: listed })).toMatchObject({ groups: listed });
    expect(directory.asked).toHaveLength(0);
    expect(await entra({ when: 'always' }).login({ ...unlisted, groups: listed })).toMatchObject({ groups: [id(1), id(2)] });
    expect(directory.asked).toHaveLength(1);
  });

  it('is not asked in place of app roles, which it does not know', async () => {
    const vendor = openVendor('entra', idp, {
      ...kindOf('entra').example,
      claims: { groups: '/roles' },
      groupLookup: { api: directory.api },
    });
    expect((await vendor.login({ ...overage, roles: undefined })).groups).toBeNull();
    expect((await vendor.login({ ...unlisted, roles: ['Notes.Editor'] })).groups).toEqual(['Notes.Editor']);
    expect(directory.asked).toHaveLength(0);
  });

  it('[Q-ENTRA-37] is asked for with the permission to read groups, and only where it is to be asked', async () => {
    const scopes = async (vendor: ReturnType<typeof entra>) => (await vendor.asked())['scope']?.split(' ');
    expect(await scopes(entra())).toContain(`${directory.api}/GroupMember.Read.All`);
    const { groupLookup } = kindOf('entra').profile({ ...kindOf('entra').example, groupLookup: {} });
    expect(groupLookup).toEqual({ at: 'graph', when: 'missing', api: 'https://graph.microsoft.com' });
    const off = openVendor('entra', idp);
    expect((await scopes(off))?.filter((scope) => scope.includes('Group'))).toEqual([]);
    expect((await off.login(overage)).groups).toBeNull();
    expect(directory.asked).toHaveLength(0);
  });

  it('[Q-ENTRA-38] keeps back what kind a group is without that permission: then the groups are unknown, not all of them', async () => {
    directory.person = { ...directory.person, scopes: ['User.Read'] };
    expect(await entra().login(overage)).toMatchObject({ groups: null, whyUnknown: expect.stringMatching(/GroupMember.Read.All/) });
  });

  it('tells a long list in pages, up to two thousand', async () => {
    directory.groups = many(1999);
    directory.person = { ...directory.person, in: directory.groups.map((group) => group.id) };
    expect((await entra().login(overage)).groups).toHaveLength(1999);
    expect(directory.asked).toHaveLength(3);
    directory.groups = many(2001);
    directory.person = { ...directory.person, in: directory.groups.map((group) => group.id) };
    expect(await entra().login(overage)).toMatchObject({ groups: null, whyUnknown: 'group lookup: more than 2000 groups' });
  });

  it('in a national cloud is another host, under the kind oidc', async () => {
    const tid = String(unlisted['tid']);
    const issuer = `https://login.microsoftonline.us/${tid}/v2.0`;
    const cloud = openVendor('oidc', idp, { issuer, claims: { groups: '/groups' }, groupLookup: { api: directory.api } });
    expect((await cloud.login(overage)).groups).toEqual([id(1), id(2)]);
  });

  it.each([
    'http://graph.microsoft.com',
    'https://graph.microsoft.com/beta',
    'https://a:b@graph.microsoft.com',
    'https://graph.microsoft.com?x',
  ])('is not looked for at %s', (api) => {
    expect(() => kindOf('entra').profile({ ...kindOf('entra').example, groupLookup: { api } })).toThrow(/must be https/);
  });

  it('is asked again with the token that a re-check brings: who left a group is no longer in it [Q-ENTRA-39]', async () => {
    const renewed = async (claims: Json) =>
      entra().renewed({ subject: person }, 200, {
        access_token: 'CNRYsecond',
        token_type: 'Bearer',
        id_token: await entra().idToken(claims),
      });
    expect(await renewed(overage)).toMatchObject({ answer: 'stands', groups: [id(1), id(2)] });
    directory.person = { ...directory.person, in: [id(3)] };
    expect(await renewed(overage)).toMatchObject({ answer: 'stands', groups: [] });
    expect(directory.asked.map(({ token }) => token)).toEqual(['CNRYsecond', 'CNRYsecond']);
    directory.fault = (_, response) => Boolean(response.writeHead(503).end());
    const answer = await renewed(overage);
    expect(answer).toMatchObject({ answer: 'stands', groups: null, whyUnknown: 'group lookup: status 503' });
    expect(answer.answer === 'stands' && answer.said.map(({ from }) => from)).toEqual(['ID token']);
  });

  it('is asked at a re-check that brings no ID token, which lists no groups', async () => {
    const tokens = { access_token: 'CNRYsecond', token_type: 'Bearer' };
    expect(await entra().renewed({ subject: person }, 200, tokens)).toMatchObject({ groups: [id(1), id(2)] });
    expect(await entra({ when: 'always' }).renewed({ subject: person }, 200, tokens)).toMatchObject({ groups: [id(1), id(2)] });
  });
});

describe('Cloud Identity', () => {
  const ana = honestClaims(kindOf('google'));
  beforeEach(async () => {
    directory = await openCloudIdentity();
    directory.groups = [
      { id: 'eng@acme.example', name: 'Engineering', in: ['staff@acme.example'], customer: 'C01' },
      { id: 'staff@acme.example', name: 'Everybody', security: true, customer: 'C01' },
      { id: 'admins@evil.example', name: 'Admins', customer: 'C66' },
    ];
    directory.person = { ...directory.person, in: ['eng@acme.example', 'admins@evil.example'] };
  });

  it('[Q-GOOGLE-13] tells the groups of a Workspace account by their addresses, nested ones too', async () => {
    const identity = await google().login(ana);
    expect(identity.groups).toEqual(['eng@acme.example', 'staff@acme.example', 'admins@evil.example']);
    expect(identity.groupNames?.get('eng@acme.example')).toBe('Engineering');
    expect(directory.asked).toHaveLength(1);
    expect((await google().asked())['scope']?.split(' ')).toContain('https://www.googleapis.com/auth/cloud-identity.groups.readonly');
    expect((await openVendor('google', idp).asked())['scope']).not.toContain('groups');
  });

  it('[Q-GOOGLE-22] tells groups of another Workspace too, unless it is asked for those of one', async () => {
    expect((await google({ customer: 'C01' }).login(ana)).groups).toEqual(['eng@acme.example', 'staff@acme.example']);
    expect((await google({ customer: 'C01', securityGroups: true }).login(ana)).groups).toEqual(['staff@acme.example']);
  });

  it('tells an empty list without one, which is none', async () => {
    directory.person = { ...directory.person, in: [] };
    expect((await google().login(ana)).groups).toEqual([]);
  });

  it('is asked by an address with a quote in it as by any other, and by none that would be part of the question [W68]', async () => {
    for (const email of ["o'ana@acme.example", String.raw`o\'ana@acme.example`]) {
      directory.person = { ...directory.person, email };
      expect((await google().login({ ...ana, email })).groups).toHaveLength(3);
    }
    const asked = directory.asked.length;
    for (const email of ["x' || member_key_id == 'boss@acme.example", 'ana', '', undefined])
      expect((await google().login({ ...ana, email })).groups).toBeNull();
    expect((await google().login({ ...ana, email_verified: false })).groups).toBeNull();
    expect(directory.asked).toHaveLength(asked);
  });

  it('[Q-GOOGLE-23] is not asked about a private account, whatever address that has', async () => {
    const { hd: _hd, ...anybody } = ana;
    const open = openVendor('google', idp, { groupLookup: { api: directory.api } });
    expect(await open.login(anybody)).toMatchObject({ groups: null, whyUnknown: expect.stringMatching(/Workspace/) });
    expect(directory.asked).toHaveLength(0);
  });

  it.each<[string, Partial<FakeDirectory['person']>]>([
    ['an edition or a person without the right to look', { email: 'somebody-else@acme.example' }],
    ['a scope that was unticked', { scopes: [] }],
  ])('[Q-GOOGLE-24] refuses %s, and the groups are unknown', async (_what, change) => {
    directory.person = { ...directory.person, ...change };
    expect(await google().login(ana)).toMatchObject({ groups: null, whyUnknown: 'group lookup: status 403' });
  });

  it('is asked in pages, and at a re-check by the address in the ID token that this brings', async () => {
    directory.pageSize = 1;
    expect((await google().login(ana)).groups).toHaveLength(3);
    expect(directory.asked).toHaveLength(3);
    const tokens = { access_token: 'CNRYsecond', token_type: 'Bearer' };
    const subject = String(ana['sub']);
    directory.person = { ...directory.person, in: [] };
    expect(await google().renewed({ subject }, 200, { ...tokens, id_token: await google().idToken(ana) })).toMatchObject({ groups: [] });
    expect(await google().renewed({ subject }, 200, tokens)).toMatchObject({ answer: 'stands', groups: null });
  });
});

describe.each([
  ['Microsoft Graph', openGraph, (client?: Json) => entra({ when: 'always' }, client), unlisted],
  ['Cloud Identity', openCloudIdentity, (client?: Json) => google({}, client), honestClaims(kindOf('google'))],
] as const)('when %s cannot tell everything, the groups are unknown: neither none nor a part', (_name, open, vendor, claims) => {
  beforeEach(async () => {
    directory = await open();
    directory.groups = many(6);
    directory.person = { ...directory.person, in: directory.groups.map((group) => group.id) };
    directory.pageSize = 3;
  });

  it('tells all without a fault', async () => {
    expect((await vendor().login(claims)).groups).toHaveLength(6);
  });

  const answering =
    (status: number, body = '{}', headers: Record<string, string> = {}): NonNullable<FakeDirectory['fault']> =>
    (_, response) =>
      Boolean(response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body));
  const onSecond =
    (fault: NonNullable<FakeDirectory['fault']>): FakeDirectory['fault'] =>
    (nth, response, request) =>
      nth === 2 && fault(nth, response, request);

  it.each<[string, FakeDirectory['fault'], string]>([
    ['is throttled', answering(429, '{}', { 'retry-after': '17' }), 'status 429, to be left alone for 17 s'],
    ['is throttled with no number', answering(429, '{}', { 'retry-after': 'CNRY' }), 'status 429'],
    ['fails after the first page', onSecond(answering(500)), 'status 500'],
    ['refuses the token', answering(401, '{"error":{"message":"CNRY"}}'), 'status 401'],
    ['sends us elsewhere', answering(302, '', { location: 'https://elsewhere.example/' }), 'status 302'],
    ['answers with a page for people', answering(200, '<h1>CNRY</h1>'), 'no JSON'],
    ['answers with half of one', answering(200, '{"value":[{"id"'), 'no JSON'],
    ['answers with something else', answering(200, '{"value":{},"memberships":7}'), 'an answer that is no list of groups'],
    [
      'answers with groups that have no id',
      answering(200, '{"value":[{"id":7}],"memberships":[{}]}'),
      'an answer that is no list of groups',
    ],
    ['answers with too much', answering(200, ' '.repeat(1024 * 1024 + 1)), 'ANSWER_TOO_LARGE'],
    ['hangs up', (_, response) => Boolean(response.destroy()), 'no answer'],
  ])('it %s', async (_what, fault, reason) => {
    directory.fault = fault;
    const identity = await vendor().login(claims);
    expect(identity).toMatchObject({ groups: null, whyUnknown: `group lookup: ${reason}` });
    expect(identity.groupNames).toBeUndefined();
    expect(JSON.stringify(identity)).not.toContain('CNRY');
    directory.fault = null;
    expect((await vendor().login(claims)).groups).toHaveLength(6);
  });

  it.each<[string, FakeDirectory['fault']]>([
    ['does not answer', () => true],
    ['does not answer after the first page', (nth) => nth === 2],
    ['begins to answer and stops', (_, response) => Boolean(response.writeHead(200).write('{"value":['))],
  ])('it %s, for no longer than the deadline', async (_what, fault) => {
    directory.fault = fault;
    const from = performance.now();
    expect(await vendor({ timeoutSeconds: 0.5 }).login(claims)).toMatchObject({ groups: null, whyUnknown: 'group lookup: timed out' });
    expect(performance.now() - from).toBeLessThan(3_000);
  });

  it('it does not answer, and less than a program waits is waited for it', async () => {
    directory.fault = () => true;
    const from = performance.now();
    expect((await vendor({ timeoutSeconds: 30 }).login(claims)).groups).toBeNull();
    expect(performance.now() - from).toBeLessThan(5_500);
  }, 15_000);

  it('it goes on and on', async () => {
    directory.pageSize = 1;
    directory.groups = many(40);
    directory.person = { ...directory.person, in: directory.groups.map((group) => group.id) };
    expect(await vendor().login(claims)).toMatchObject({ groups: null, whyUnknown: 'group lookup: more than 12 pages' });
  });

  it('what was said stands in a test of the connection, the token does not', async () => {
    const said = (await vendor().login(claims)).said.find(({ from }) => from === 'group lookup');
    expect(said?.claims).toEqual({ asked: directory.api, groups: directory.groups.map((group) => group.id) });
    directory.fault = answering(403);
    const failed = (await vendor().login(claims)).said.find(({ from }) => from === 'group lookup');
    expect(failed?.claims).toEqual({ asked: directory.api, failed: 'status 403' });
  });
});

describe('the next page of Microsoft Graph', () => {
  let elsewhere: FakeDirectory;
  beforeEach(async () => {
    [directory, elsewhere] = await Promise.all([openGraph(), openGraph()]);
    nested();
  });
  afterEach(() => elsewhere.close());
  const group = { '@odata.type': '#microsoft.graph.group', id: id(1), displayName: 'x', securityEnabled: true };

  it.each<[string, () => string]>([
    ['on another host', () => `${elsewhere.api}/v1.0/me/transitiveMemberOf`],
    ['on another scheme', () => directory.api.replace('http:', 'https:')],
    ['that is no address', () => '/v1.0/me/transitiveMemberOf?$skiptoken=1'],
    ['with a name in front of the host', () => `http://${new URL(directory.api).host}@${new URL(elsewhere.api).host}/`],
  ])('%s is not fetched, and the token goes nowhere else', async (_what, next) => {
    directory.fault = (_, response) => Boolean(response.end(JSON.stringify({ value: [group], '@odata.nextLink': next() })));
    expect((await entra().login(overage)).groups).toBeNull();
    expect([directory.asked.length, elsewhere.asked.length]).toEqual([1, 0]);
  });

  it('that leads back to itself ends', async () => {
    directory.fault = (_, response, { url = '/' }) =>
      Boolean(response.end(JSON.stringify({ value: [], '@odata.nextLink': new URL(url, directory.api).href })));
    expect((await entra().login(overage)).groups).toBeNull();
    expect(directory.asked).toHaveLength(12);
  });
});

describe('round trips', () => {
  it('one more than without for a sign-in, none for its beginning', async () => {
    directory = await openGraph();
    nested();
    const vendor = entra({ when: 'always' });
    await vendor.login(unlisted);
    const [tokens, asked] = [idp.count('/token'), directory.asked.length];
    const from = idp.requests.length;
    const trip = attempt();
    await vendor.login(unlisted, {}, trip);
    expect(idp.count('/token') - tokens).toBe(1);
    expect(idp.requests.slice(from).map(({ path }) => path)).toEqual([expect.stringMatching(/\/authorize$/), '/token']);
    expect(directory.asked.length - asked).toBe(1);
  });
});
