import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ConnectionTest, connectionTestLifetime } from '../../src/domain/connection-test.ts';
import { Secret } from '../../src/domain/secret.ts';
import { nodeEntropy } from '../../src/platform/node-entropy.ts';
import { openSealing } from '../../src/platform/node-sealing.ts';
import {
  auditEvents,
  connectionTests,
  grants,
  identities,
  memberships,
  transactions,
  upstreamSessions,
  users,
} from '../../src/stores/collections.ts';
import type { Browser, Page } from '../support/browser.ts';
import { wordsOf } from '../support/browser.ts';
import { made as madeByScim, patchOf, scimClient } from '../support/scim.ts';
import { careful, expectStopped, rowsOf, startWithTwoIdps } from '../support/two-idps.ts';
import type { TwoIdps } from '../support/two-idps.ts';
import { countOf } from '../support/wire.ts';

let system: TwoIdps;
beforeAll(async () => {
  system = await startWithTwoIdps();
});
afterAll(() => system.close());
afterEach(() => {
  system.alpha.script = {};
  system.beta.script = {};
});

/** What a test must not have made. */
const made = () =>
  Promise.all([users, identities, memberships, grants, transactions, upstreamSessions].map((collection) => countOf(system, collection)));
let before: number[];
beforeEach(async () => {
  before = await made();
});
afterEach(async () => expect(await made()).toEqual(before));

interface Link {
  readonly of?: string;
  readonly at?: string;
  readonly key?: Secret<'key'>;
  readonly purpose?: string;
  readonly lasts?: number;
}

/** A link as the command prints it, or one that differs in one thing. */
function link({
  of = 'alpha',
  at = of,
  key = system.masterKey,
  purpose = 'connection_test',
  lasts = connectionTestLifetime,
}: Link = {}): string {
  const ticket = { id: nodeEntropy.id(), connectionId: of, expiresAt: system.clock.now() + lasts };
  return `${system.issuer}/connections/${at}/test?ticket=${openSealing(key).seal(purpose, JSON.stringify(ticket))}`;
}

async function press(url: string, browser: Browser = careful(system)): Promise<Page> {
  const page = await browser.get(url);
  expect(page.status).toBe(200);
  return browser.submit();
}

type Recorded = { readonly at: number; readonly event: { readonly event: string; readonly rule: string } };

/** What the audit says of tests, in the order it happened: every start of the broker has a chain of its own. */
const testsMade = async () =>
  ((await rowsOf(system, auditEvents)) as unknown as Recorded[])
    .filter(({ event }) => event.event === 'connection.tested')
    .sort((a, b) => a.at - b.at)
    .map(({ event }) => event);

const last = async (): Promise<unknown> => (await testsMade()).at(-1);

/** The words of one finding on the page: its title, its verdict and what follows. */
const told = (page: Page) => wordsOf(page.body);

describe('a tried sign-in', () => {
  it('shows who arrived, what was proven and where it would lead, and makes nothing [Q-OIDC-09]', async () => {
    const tested = (await testsMade()).length;
    const page = await press(link());
    expect(page.url.pathname).toMatch(/^\/connections\/alpha\/test\/[\w-]{22}$/);
    const words = told(page);
    for (const shown of ['Connection test', 'Ana Anders', 'ana@corp.example', 'person-1', system.alpha.issuer, 'eng', 'Editor in Acme'])
      expect(words).toContain(shown);
    expect(page.body).not.toMatch(/CNRY|eyJ/);
    expect(await testsMade()).toHaveLength(tested + 1);
    expect(JSON.stringify(await rowsOf(system, connectionTests))).not.toMatch(/Ana|person-1|CNRY/);
  });

  it('asks for what the tenants want proven, and says when it was not', async () => {
    const lacking = told(await press(link()));
    expect(lacking).toContain('Sign-in works, but something has to be fixed');
    expect(lacking).toContain('Globex asks for: second factor');
    // Where nothing more is asked for they would get in; where it is, not even with the role.
    expect(lacking).toContain('They would work in Acme.');
    system.beta.script = { claims: (claims) => ({ ...claims, sub: 'beta-only', groups: [] }) };
    expect(told(await press(link({ of: 'beta' })))).toContain('The rules fit for Globex, which would still be closed');
    expect(system.alpha.requests.findLast(({ path }) => path === '/authorize')?.query.get('acr_values')).toBe('urn:example:2fa');
    system.alpha.script = { claims: (claims) => ({ ...claims, amr: ['pwd', 'mfa'] }) };
    const proven = told(await press(link()));
    expect(proven).toContain('Sign-in works, and this person would get access');
    expect(proven).toContain('Proven by amr=mfa');
    expect(await last()).toMatchObject({ evidence: ['amr=mfa'], rule: 'somebody signed in' });
  });

  it('shows every claim by its own name, without what could be used by whoever reads it', async () => {
    const key = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.CNRY';
    const more = { department: '<b>sales</b>', nested: { access_token: 'CNRY', at: ['x'] }, upstream_secret: 'CNRY', other: key };
    system.alpha.script = { claims: (claims) => ({ ...claims, ...more, long: 'y'.repeat(5000) }) };
    const page = await press(link());
    const words = told(page);
    expect(words).toContain('Detail for IT: everything in its signed answer');
    for (const shown of ['department <b>sales</b>', 'nested {"access_token":"(not shown)","at":["x"]}', 'sub person-1'])
      expect(words).toContain(shown);
    for (const hidden of ['nonce', 'upstream_secret', 'other']) expect(words).toContain(`${hidden} not shown`);
    expect(page.body).not.toMatch(/CNRY|eyJ|<b>sales|y{200}/);
    expect(words).toMatch(/long y+…y+/);
  });

  it('tells unknown groups from none, and from groups that no rule fits', async () => {
    const groups = (value: unknown) => {
      system.alpha.script = { claims: ({ groups: _groups, ...claims }) => (value === undefined ? claims : { ...claims, groups: value }) };
      return press(link()).then(told);
    };
    expect(await groups(undefined)).toMatch(/The groups are unknown.*Groups unknown/s);
    expect(await groups([])).toMatch(/No groups arrived.*Groups none/s);
    const unfit = await groups(['elsewhere', '<b>x</b>']);
    expect(unfit).toMatch(/would get no access.*Groups elsewhere/s);
    expect(unfit).toContain('Roles it would lead to No access');
  });

  it.each<[string, () => void, string, string]>([
    [
      'no',
      () => (system.alpha.script = { answer: (answer) => (answer.delete('code'), answer.set('error', 'access_denied')) }),
      'was not finished',
      'cancelled',
    ],
    [
      'nonsense',
      () => (system.alpha.script = { claims: (claims) => ({ ...claims, iss: 'https://evil.example' }) }),
      'did not pass our checks',
      'untrustworthy',
    ],
    [
      'not to us',
      () =>
        (system.alpha.script = {
          raw: { '/token': (_request, response) => void response.writeHead(401).end('{"error":"invalid_client"}') },
        }),
      'does not take us',
      'misconfigured',
    ],
  ])('says in plain words that the answer was %s', async (_what, script, words, rule) => {
    script();
    const page = await press(link());
    expect(told(page)).toContain('Sign-in does not work yet');
    expect(told(page)).toContain(words);
    expect(await last()).toMatchObject({ rule: `refused: ${rule}` });
  });

  it('can be finished after a restart, and its page stays for the browser that made it', async () => {
    const browser = careful(system, { beforeCallback: true });
    const { location } = await press(link(), browser);
    expect(location?.pathname).toBe('/callback/alpha');
    await system.restart();
    const page = await browser.get(location ?? '');
    expect(told(page)).toContain('Ana Anders');
    await system.restart();
    expect(told(await browser.get(page.url))).toContain('Ana Anders');
    expectStopped(system, await careful(system).get(page.url), 'other-browser', /no cookie/);
    const stranger = careful(system);
    await stranger.get(link());
    expectStopped(system, await stranger.get(page.url), 'other-browser', /another browser/);
    system.clock.advance(connectionTestLifetime);
    expectStopped(system, await browser.get(page.url), 'test-over', /expired/);
  });
});

describe('a link', () => {
  const refused: [string, () => string, RegExp][] = [
    ['sealed under another key', () => link({ key: new Secret(Buffer.alloc(32, 7).toString('base64url')) }), /not one of ours/],
    ['sealed for another purpose', () => link({ purpose: 'question' }), /not one of ours/],
    ['of another connection', () => link({ of: 'beta', at: 'alpha' }), /not one of ours/],
    ['without a ticket', () => `${system.issuer}/connections/alpha/test`, /not one of ours/],
    ['changed by one letter', () => link().replace(/.(?=.{20}$)/, (letter) => (letter === 'A' ? 'B' : 'A')), /not one of ours/],
    ['too old', () => link({ lasts: 0 }), /expired/],
  ];
  it.each(refused)('%s goes nowhere and leaves no row', async (_what, make, reason) => {
    const [rows, asked] = [await countOf(system, connectionTests), system.alpha.requests.length];
    expectStopped(system, await press(make()), 'test-over', reason);
    expect([await countOf(system, connectionTests), system.alpha.requests.length]).toEqual([rows, asked]);
  });

  it('works once, however many press at the same time', async () => {
    const url = link();
    const browsers = Array.from({ length: 6 }, () => careful(system, { beforeCallback: true }));
    const pages = await Promise.all(browsers.map((browser) => press(url, browser)));
    expect(pages.filter(({ location }) => location?.pathname === '/callback/alpha')).toHaveLength(1);
    expect(pages.filter(({ status }) => status === 410)).toHaveLength(5);
    expectStopped(system, await press(url), 'test-over', /used already/);
  });

  it('is not used up by looking', async () => {
    const url = link();
    for (const browser of [careful(system), careful(system)]) expect((await browser.get(url)).status).toBe(200);
    expect(told(await press(url))).toContain('Ana Anders');
  });

  it('of a connection that is not there leads to no page', async () => {
    expect((await careful(system).get(link({ of: 'nobody' }))).status).toBe(404);
  });

  it('is pressed on our page in the same browser only', async () => {
    const url = new URL(link());
    const ticket = url.searchParams.get('ticket') ?? '';
    const browser = careful(system);
    await browser.get(url);
    const forged = await browser.post(`${system.issuer}/connections/alpha/test`, new URLSearchParams({ ticket, csrf: 'x' }));
    expectStopped(system, forged, 'other-browser', /not one we gave/);
  });
});

describe('a sign-in at a connection that provisions', () => {
  beforeAll(() =>
    system.restart((config) => ({
      ...config,
      connections: config.connections.map((each) =>
        each.id === 'alpha' ? { ...each, provisioning: { scim: true, required: true } } : each,
      ),
    })),
  );
  afterAll(() =>
    system.restart((config) => ({
      ...config,
      connections: config.connections.map(({ provisioning: _provisioning, ...each }) => each as typeof each & { provisioning?: never }),
    })),
  );

  it('tells whether the person is provisioned, and counts the groups that were pushed', async () => {
    const stranger = told(await press(link()));
    expect(stranger).toContain('Sign-in works, but this person would get no access');
    expect(stranger).toContain('Not provisioned: they would be refused.');
    expect(stranger).toContain('Roles it would lead to No access');
    const scim = await scimClient(system, 'alpha');
    const ana = await madeByScim(scim, 'Users', { userName: 'ana', externalId: 'person-1' });
    await madeByScim(scim, 'Groups', { displayName: 'support', members: [{ value: ana.id }] });
    const known = told(await press(link()));
    expect(known).toContain('They are active, and in one group that was told beforehand.');
    expect(known).toContain('Groups told by provisioning support');
    expect(known).toContain('group support gives');
    await scim.send('PATCH', `/Users/${ana.id}`, patchOf({ op: 'replace', path: 'active', value: false }));
    const gone = told(await press(link()));
    expect(gone).toContain('said by SCIM that this person is not active, so they would be refused');
    expect(gone).toContain('Roles it would lead to No access');
    expect(told(await press(link({ of: 'beta' })))).not.toMatch(/provision/i);
  });
});

describe('the answer of a test', () => {
  const arrived = async () => {
    const browser = careful(system, { beforeCallback: true });
    const { location } = await press(link(), browser);
    return { browser, answer: location ?? new URL('about:blank') };
  };
  const stages = async () => (await rowsOf(system, connectionTests)).map((row) => ConnectionTest.parse(row).stage.at);

  it('in another browser is refused, reaches no identity provider and ends the test [W44]', async () => {
    const { browser, answer } = await arrived();
    const calls = system.alpha.count('/token');
    expectStopped(system, await careful(system).get(answer), 'other-browser', /another browser/);
    expectStopped(system, await browser.get(answer), 'test-over', /not the one/);
    expect(system.alpha.count('/token')).toBe(calls);
    expect(await last()).toMatchObject({ rule: 'another browser' });
  });

  it('counts once, also at the same time', async () => {
    const { browser, answer } = await arrived();
    const calls = system.alpha.count('/token');
    const pages = await Promise.all([browser.get(answer), browser.get(answer), browser.get(answer)]);
    expect(system.alpha.count('/token')).toBe(calls + 1);
    expect(pages.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
    expect((await stages()).filter((at) => at === 'judging')).toEqual([]);
  });

  it('at the callback of another connection is nobody’s', async () => {
    const { browser, answer } = await arrived();
    const elsewhere = new URL(answer);
    elsewhere.pathname = '/callback/beta';
    expectStopped(system, await browser.get(elsewhere), 'test-over', /unknown/);
    expect(told(await browser.get(answer))).toContain('Ana Anders');
  });

  it('with a state of ours changed is not the one waited for', async () => {
    const { browser, answer } = await arrived();
    const changed = new URL(answer);
    changed.searchParams.set('state', `${answer.searchParams.get('state') ?? ''}x`);
    expectStopped(system, await browser.get(changed), 'test-over', /not the one/);
  });
});
