/** Administrators whose identity provider is asked again while they are at their pages. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Config } from '../../src/config/schema.ts';
import { RoleId } from '../../src/domain/ids.ts';
import { auditEvents } from '../../src/stores/collections.ts';
import { administered } from '../support/administration.ts';
import type { Browser } from '../support/browser.ts';
import { openBrowser } from '../support/client.ts';
import { pressRules, rulesAt, said } from '../support/console-walk.ts';
import { freePorts } from '../support/free-ports.ts';
import { signToken } from '../support/hostile-idp.ts';
import { openRealIdp, type RealIdp } from '../support/real-idp.ts';
import { signingClient } from '../support/signing-client.ts';
import { startSystem, type System } from '../support/system.ts';
import { linesOf, rowsOf, startWithTwoIdps, type TwoIdps } from '../support/two-idps.ts';

const minute = 60_000;

/** Signed in to the administrators' pages through this door, in front of the rules. */
async function administrator(system: Pick<System, 'issuer'>, door: string): Promise<Browser> {
  const browser = openBrowser();
  await browser.get(`${system.issuer}/admin`);
  await browser.submit({}, { form: `/login/${door}` });
  await browser.submit({ scope: ['admin:read', 'admin:write'] }, { form: '/consent', press: 'Approve' });
  expect([browser.page.status, browser.page.url.pathname]).toEqual([200, rulesAt('acme')]);
  return browser;
}
/** What stands there when the rules are asked for. */
async function lookedAt(browser: Browser): Promise<[number, string]> {
  const page = await browser.get(rulesAt('acme'));
  return [page.status, page.url.pathname.replace(/^(\/authorize)\/.*/, '$1')];
}
const there = [200, rulesAt('acme')];
const atTheDoor = [200, '/authorize'];

describe('behind oidc-provider itself, asked for every page', () => {
  let system: System;
  let idp: RealIdp;
  beforeAll(async () => {
    jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    const port = await freePorts();
    const { clientKey, connection } = await signingClient(port);
    let issuer = '';
    system = await startSystem({
      configure: (given) => {
        const config = administered(given);
        ({ issuer } = config);
        const real = connection({
          recheck: { afterSeconds: 0, graceSeconds: 3600 },
        });
        const boss = { where: [{ claim: '/department', is: ['it'] }], role: RoleId.parse('admin') };
        const tenants = config.tenants.map((each) => (each.id === 'acme' ? { ...each, rules: [...each.rules, boss] } : each));
        return { ...config, connections: [...config.connections, real], tenants };
      },
    });
    idp = await openRealIdp({ clientKey, port, redirect_uri: `${issuer}/callback/real` });
  });
  beforeEach(() => {
    idp.removed.clear();
    idp.person = { groups: ['eng'] };
    idp.signsIn = { accountId: `admin-${Math.random()}` };
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await Promise.all([system.close(), idp.close()]);
  });

  it('whoever is disabled there is out at the next page, and what they were signed in by is over for good [W128]', async () => {
    const browser = await administrator(system, 'real');
    expect([await lookedAt(browser), await lookedAt(browser)]).toEqual([there, there]);
    idp.removed.add(idp.signsIn.accountId);
    expect(await lookedAt(browser)).toEqual(atTheDoor);
    const ended = (await rowsOf(system, auditEvents)).map((row) => row['event'] as { event: string; clientId?: string; rule?: string });
    expect(ended.findLast(({ event }) => event === 'grant.ended')).toMatchObject({
      clientId: 'drawbridge-console',
      rule: 'the sign-in is over at the identity provider',
    });
    idp.removed.clear();
    expect(await lookedAt(browser)).toEqual(atTheDoor);
  });

  it('a draft that they press when they are out already is not read, and they are told so', async () => {
    const browser = await administrator(system, 'real');
    idp.removed.add(idp.signsIn.accountId);
    const page = await pressRules(browser, 'Check this draft');
    expect([page.status, said(browser)]).toEqual([403, expect.stringContaining('your company ended your sign-in')]);
  });

  it('a group that is gone, or a claim, takes the pages away, and both are needed no longer than they are told', async () => {
    const byGroup = await administrator(system, 'real');
    idp.person = { groups: [] };
    expect(await lookedAt(byGroup)).toEqual(atTheDoor);
    idp.signsIn = { accountId: `admin-${Math.random()}` };
    idp.person = { groups: [], department: 'it' };
    const byClaim = await administrator(system, 'real');
    expect(await lookedAt(byClaim)).toEqual(there);
    idp.person = { groups: [] };
    expect(await lookedAt(byClaim)).toEqual(atTheDoor);
  });

  it('many pages at once ask once at a time, and nobody is taken for a thief', async () => {
    const browsers = [await administrator(system, 'real'), await administrator(system, 'real')];
    const pages = await Promise.all(Array.from({ length: 8 }, (_, index) => lookedAt(browsers[index % 2] ?? openBrowser())));
    expect(pages).toEqual(Array.from({ length: 8 }, () => there));
  });
});

describe('asked when it is due', () => {
  let system: TwoIdps;
  let asked: number;
  let answers: 'yes' | 'no' | 'nothing' | 'failing';
  beforeAll(async () => {
    const configure = (given: Config): Config => {
      const config = administered(given);
      const recheck = { afterSeconds: 900, graceSeconds: 3600 };
      return { ...config, connections: config.connections.map((each) => (each.id === 'alpha' ? { ...each, recheck } : each)) };
    };
    system = await startWithTwoIdps({ configure });
  });
  afterAll(() => system.close());
  let person = 0;
  let browser: Browser;
  beforeEach(async () => {
    person += 1;
    asked = 0;
    answers = 'yes';
    const claims = (honest: object) => ({ ...honest, sub: `admin-${String(person)}` });
    const tokenResponse = (body: object) => ({ ...body, refresh_token: 'CNRYupstream' });
    system.alpha.script = { claims, tokenResponse };
    browser = await administrator(system, 'alpha');
    const { issuer, client_id, key } = system.alpha;
    const json = { 'content-type': 'application/json' };
    const answer = async () => {
      const seconds = Math.floor(system.clock.now() / 1000);
      const about = { iss: issuer, aud: client_id, sub: `admin-${String(person)}`, iat: seconds, exp: seconds + 300, groups: ['eng'] };
      const id_token = await signToken(about, { alg: key.alg, kid: key.kid }, key);
      return JSON.stringify({ access_token: 'CNRYa', token_type: 'Bearer', expires_in: 300, id_token });
    };
    system.alpha.script = {
      claims,
      raw: {
        '/token': (request, response) => {
          asked += 1;
          if (answers === 'nothing') return void request.destroy();
          if (answers === 'no') return void response.writeHead(400, json).end('{"error":"invalid_grant"}');
          if (answers === 'failing') return void response.writeHead(503, json).end('{"error":"server_error"}');
          return void answer().then((text) => response.writeHead(200, json).end(text));
        },
      },
    };
  });
  afterEach(() => {
    system.alpha.script = {};
  });

  it('no page asks before the time has come, and then one of them does [W128]', async () => {
    answers = 'no';
    expect([await lookedAt(browser), await lookedAt(browser), asked]).toEqual([there, there, 0]);
    system.clock.advance(14 * minute);
    expect([await lookedAt(browser), asked]).toEqual([there, 0]);
    answers = 'yes';
    system.clock.advance(minute + 1000);
    expect([await lookedAt(browser), await lookedAt(browser), asked]).toEqual([there, there, 1]);
    answers = 'no';
    system.clock.advance(15 * minute + 1000);
    expect([await lookedAt(browser), asked]).toEqual([atTheDoor, 2]);
  });

  it.each(['nothing', 'failing'] as const)('one that answers %s keeps nobody out for the grace, and then everybody [W68]', async (how) => {
    answers = how;
    system.clock.advance(16 * minute);
    expect([await lookedAt(browser), await lookedAt(browser), asked]).toEqual([there, there, 1]);
    system.clock.advance(60 * minute);
    const page = await browser.get(rulesAt('acme'));
    expect([page.status, page.url.pathname]).toEqual([503, rulesAt('acme')]);
    expect(said(browser)).toContain('We could not check that you are still signed in');
    expect(said(browser)).not.toMatch(/eng|Viewer/);
    expect(linesOf(system).some(({ event }) => event === 'upstream.unanswered')).toBe(true);
    // The way on is another sign-in, or the same one once it answers.
    expect((await browser.get('/admin')).url.pathname).toMatch(/^\/authorize\//);
    answers = 'yes';
    system.clock.advance(21_000);
    expect(await lookedAt(browser)).toEqual(there);
  });

  it('what is pressed then changes nothing', async () => {
    answers = 'nothing';
    system.clock.advance(76 * minute);
    const page = await pressRules(browser, 'Remove rule 3');
    expect([page.status, said(browser)]).toEqual([503, expect.stringContaining('Nothing was changed')]);
  });

  it('a sign-in through a connection that is not asked again is as it was', async () => {
    const other = openBrowser();
    await other.get(`${system.issuer}/admin`);
    system.beta.script = { claims: (honest) => ({ ...honest, sub: `admin-${String(person)}`, groups: ['eng'] }) };
    await other.submit({}, { form: '/login/beta' });
    await other.submit({ scope: ['admin:read'] }, { form: '/consent', press: 'Approve' });
    system.clock.advance(11 * 60 * minute);
    expect(await lookedAt(other)).toEqual(there);
    system.beta.script = {};
  });
});
