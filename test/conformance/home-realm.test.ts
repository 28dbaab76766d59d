import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Config } from '../../src/config/schema.ts';
import { ConnectionId } from '../../src/domain/ids.ts';
import { expectedText } from '../../src/flows/steps/proven-connections.ts';
import { openSealing } from '../../src/platform/node-sealing.ts';
import { auditEvents, provenDomains } from '../../src/stores/collections.ts';
import { wordsOf } from '../support/browser.ts';
import type { Page } from '../support/browser.ts';
import { authorizeUrl, openBrowser, pkce, register } from '../support/client.ts';
import type { TestClient } from '../support/client.ts';
import { startDnsServer } from '../support/dns-server.ts';
import type { DnsServer } from '../support/dns-server.ts';
import { begin, linesOf, rowsOf, startWithTwoIdps } from '../support/two-idps.ts';
import type { Begun, TwoIdps } from '../support/two-idps.ts';
import { kindOf, rowsOf as countsOf } from '../support/wire.ts';

const minute = 60_000;
let dns: DnsServer;
let system: TwoIdps;
let client: TestClient;

const claims: Readonly<Record<string, readonly string[]>> = { alpha: ['alpha.example'], beta: ['beta.example', 'unproven.example'] };
const withDomains = (config: Config): Config => ({
  ...config,
  dns: { servers: [dns.address] },
  // Into Initech leads Alpha alone.
  tenants: config.tenants.map((tenant) =>
    tenant.id === 'initech'
      ? { ...tenant, rules: tenant.rules.map((rule) => ({ ...rule, connection: ConnectionId.parse('alpha') })) }
      : tenant,
  ),
  connections: config.connections.map((connection) => ({ ...connection, domains: [...(claims[connection.id] ?? [])] })),
});
const publish = (domain: string): void =>
  void dns.answers.set(`_drawbridge.${domain}`, [['v=spf1 -all'], [expectedText(openSealing(system.masterKey), domain)]]);

beforeAll(async () => {
  dns = await startDnsServer();
  system = await startWithTwoIdps({ configure: withDomains });
  client = await register(system);
  publish('alpha.example');
  publish('beta.example');
  // Anybody may publish what another installation would ask for.
  dns.answers.set('_drawbridge.unproven.example', [['drawbridge=guess']]);
  await system.tend();
});
afterAll(async () => {
  await system.close();
  await dns.close();
});
afterEach(() => {
  system.alpha.requests.length = 0;
  system.beta.requests.length = 0;
});

const doors = ({ body }: Pick<Page, 'body'>): string[] => [...body.matchAll(/action="\/login\/([a-z]+)"/g)].map((match) => match[1] ?? '');
const filled = ({ body }: Pick<Page, 'body'>): string[] =>
  [...body.matchAll(/action="\/login\/([a-z]+)"(?:(?!<\/form>)[\s\S])*class="door filled"/g)].map((match) => match[1] ?? '');
const lookUp = ({ browser, path }: Begun, email: string): Promise<Page> => browser.submit({ email }, { form: `${path}/company` });
const beganAt = (idp: TwoIdps['alpha']): (string | null)[] =>
  idp.requests.filter(({ path }) => path === '/authorize').map(({ query }) => query.get('login_hint'));
const asked = () => ({ alpha: beganAt(system.alpha), beta: beganAt(system.beta) });

describe('an e-mail address on the page before sign-in', () => {
  it('leads to the sign-in of its company, with the address as a hint, and from there to the decision', async () => {
    const begun = await begin(system, { client });
    expect(wordsOf(begun.browser.page.body)).toContain('Used only to find your company’s sign-in page.');
    const page = await lookUp(begun, ' Ana+mcp@ALPHA.example ');
    expect(asked()).toEqual({ alpha: ['Ana+mcp@ALPHA.example'], beta: [] });
    expect(wordsOf(page.body)).toContain('In which workspace');
  });

  it('pressed again for another company goes to that one', async () => {
    const begun = await begin(system, { client, beforeCallback: true });
    const { location } = await lookUp(begun, 'ana@alpha.example');
    expect(location?.pathname).toBe('/callback/alpha');
    await begun.browser.get(`${system.issuer}${begun.path}`);
    expect((await lookUp(begun, 'bea@beta.example')).location?.pathname).toBe('/callback/beta');
    await begun.browser.get(`${system.issuer}${begun.path}`);
    await lookUp(begun, 'bo@beta.example');
    expect(asked()).toEqual({ alpha: ['ana@alpha.example'], beta: ['bea@beta.example', 'bo@beta.example'] });
  });

  it.each([
    ['a domain that is claimed and not proven', 'ana@unproven.example'],
    ['a domain below a proven one', 'ana@mail.alpha.example'],
    ['a domain that ends like one', 'ana@notalpha.example'],
    ['a domain that looks like one', 'ana@\u0430lpha.example'],
    ['a domain nobody claims', 'ana@nobody.example'],
    ['another address of the person who signed in before', 'ana@corp.example'],
  ])('[W59] [W60] [W181] of %s goes nowhere, writes nothing, and the page says so in the same words', async (_, email) => {
    const begun = await begin(system, { client });
    const before = await countsOf(system);
    const page = await lookUp(begun, email);
    expect([page.status, page.location, kindOf(page.body)]).toEqual([422, null, null]);
    expect(page.body).toContain('<title>Error: ');
    expect(wordsOf(page.body)).toContain(
      'We don’t know a sign-in page for this address. Check how it is written, use one of the buttons above, or ask Demo Company IT .',
    );
    // What was typed is kept, and nothing on the page depends on it otherwise.
    expect(page.forms.find(({ action }) => action.pathname.endsWith('/company'))?.fields.get('email')).toBe(email);
    const other = await lookUp(begun, 'x@y.example');
    expect(other.body.replace(/value="x@y.example"/, '')).toBe(page.body.replace(`value="${email}"`, ''));
    expect(asked()).toEqual({ alpha: [], beta: [] });
    expect(await countsOf(system)).toEqual(before);
    // The page is whole: the buttons go on working.
    await begun.browser.submit({}, { form: '/login/alpha' });
    expect(wordsOf(begun.browser.page.body)).toContain('In which workspace');
  });

  it.each(['ana', 'ana@', '@alpha.example', 'ana@alpha', 'a'.repeat(5_000), `<img src=x onerror="x">`, '\u0000'])(
    'that is none is said to be none: %j',
    async (email) => {
      const page = await lookUp(await begin(system, { client }), email);
      expect([page.status, wordsOf(page.body).includes('This is not an e-mail address.')]).toEqual([422, true]);
      expect(page.body).not.toContain('<img');
      expect(asked()).toEqual({ alpha: [], beta: [] });
    },
  );

  it('[W79] is taken from our own form in the same browser alone, and once', async () => {
    const begun = await begin(system, { client });
    const fields = new URLSearchParams(begun.browser.form(`${begun.path}/company`).fields);
    fields.set('email', 'ana@alpha.example');
    const url = `${system.issuer}${begun.path}/company`;
    const without = new URLSearchParams(fields);
    without.delete('csrf');
    const twice = new URLSearchParams(fields);
    twice.append('email', 'bea@beta.example');
    const tries = [
      await begun.browser.post(url, without),
      await begun.browser.post(url, fields, { Origin: 'https://evil.example' }),
      await begun.browser.post(url, twice),
      await openBrowser().post(url, fields),
    ];
    expect(tries.map(({ status, body }) => [status, kindOf(body)])).toEqual([
      [403, 'other-browser'],
      [403, 'other-browser'],
      [400, 'malformed-request'],
      [403, 'other-browser'],
    ]);
    expect(asked()).toEqual({ alpha: [], beta: [] });
  });

  it('after the sign-in leads to where the request stands, and nobody is sent away', async () => {
    const begun = await begin(system, { client });
    const fields = new URLSearchParams(begun.browser.form(`${begun.path}/company`).fields);
    await begun.browser.submit({}, { form: '/login/alpha' });
    const csrf = begun.browser.form('/consent').fields.get('csrf') ?? '';
    fields.set('csrf', csrf);
    fields.set('email', 'bea@beta.example');
    const page = await begun.browser.post(`${system.issuer}${begun.path}/company`, fields);
    expect(wordsOf(page.body)).toContain('In which workspace');
    expect(asked().beta).toEqual([]);
  });
});

describe('login_hint of the client', () => {
  const hinted = async (login_hint: string, more: Record<string, string> = {}) =>
    (await begin(system, { client, changes: { login_hint, ...more } })).browser.page;

  it('[W59] puts the sign-in of a proven domain first, and sends nobody there', async () => {
    const page = await hinted('bea@beta.example');
    expect([doors(page), filled(page)]).toEqual([['beta', 'demo', 'alpha'], []]);
    expect(asked()).toEqual({ alpha: [], beta: [] });
  });

  it.each(['ana@unproven.example', 'ana@nobody.example', 'beta', 'beta.example', ''])(
    '[W59] [W60] changes nothing where nothing proven is named: %j',
    async (hint) => {
      expect(doors(await hinted(hint))).toEqual(['demo', 'alpha', 'beta']);
    },
  );

  it('[W59] opens no way that does not lead into the tenant whose address was asked for, nor does an address', async () => {
    const begun = await begin(system, { client, changes: { login_hint: 'bea@beta.example', resource: `${system.issuer}/t/initech/mcp` } });
    expect(doors(begun.browser.page)).toEqual(['alpha']);
    expect((await lookUp(begun, 'bea@beta.example')).status).toBe(422);
    await lookUp(begun, 'ana@alpha.example');
    expect(asked()).toEqual({ alpha: ['ana@alpha.example'], beta: [] });
  });
});

describe('the proof of a domain', () => {
  it('is on record', async () => {
    const events = (await rowsOf(system, auditEvents)).map((row) => row['event'] as Record<string, unknown>);
    expect(events.filter(({ event }) => event === 'domain.proven').map(({ domain, connectionId }) => [domain, connectionId])).toEqual(
      expect.arrayContaining([
        ['alpha.example', 'alpha'],
        ['beta.example', 'beta'],
      ]),
    );
    expect((await rowsOf(system, provenDomains)).map(({ id }) => id)).toEqual(['alpha.example', 'beta.example']);
  });

  it('[W60] gone from DNS, the domain routes nobody from the next minute’s look on; back again, it does', async () => {
    dns.answers.delete('_drawbridge.beta.example');
    system.clock.advance(10 * minute);
    await system.tend();
    expect((await lookUp(await begin(system, { client }), 'bea@beta.example')).status).toBe(422);
    expect(linesOf(system).some(({ event, domain }) => event === 'domain.lost' && domain === 'beta.example')).toBe(true);
    publish('beta.example');
    await system.tend();
    await lookUp(await begin(system, { client }), 'bea@beta.example');
    expect(asked().beta).toEqual(['bea@beta.example']);
  });

  it('gone for all, the page has no field for addresses', async () => {
    for (const domain of ['alpha.example', 'beta.example']) dns.answers.set(`_drawbridge.${domain}`, 'NXDOMAIN');
    system.clock.advance(10 * minute);
    await system.tend();
    const begun = await begin(system, { client });
    expect(begun.browser.page.body).not.toContain('name="email"');
    const { csrf = '', transaction = '' } = Object.fromEntries(begun.browser.form('/login/alpha').fields);
    const body = new URLSearchParams({ csrf, transaction, email: 'ana@alpha.example' });
    const page = await begun.browser.post(`${system.issuer}${begun.path}/company`, body);
    expect([page.status, doors(page)]).toEqual([200, ['demo', 'alpha', 'beta']]);
    expect(asked()).toEqual({ alpha: [], beta: [] });
    for (const domain of ['alpha.example', 'beta.example']) publish(domain);
    await system.tend();
  });

  it('leaves the request as it is: a hint goes upstream with the door that is pressed', async () => {
    const browser = openBrowser();
    await browser.get(authorizeUrl(system, client, pkce(), { login_hint: 'ana@alpha.example' }));
    await browser.submit({}, { form: '/login/alpha' });
    expect(asked()).toEqual({ alpha: ['ana@alpha.example'], beta: [] });
  });
});
