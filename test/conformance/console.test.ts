/** The administrators' pages: who gets in, what publishing takes, and everything that must not work. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { policyOf } from '../../src/config/policy.ts';
import type { Config } from '../../src/config/schema.ts';
import { auditEvents, grants } from '../../src/stores/collections.ts';
import { openPolicies } from '../../src/stores/policies.ts';
import { administered, ask, signInAs } from '../support/administration.ts';
import type { Browser } from '../support/browser.ts';
import { callTool, login, openBrowser, signIn } from '../support/client.ts';
import { arriveAtConsole, column, openConsole, pressRules, rulesAt, said } from '../support/console-walk.ts';
import { startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';

/** These tests press more often within a minute than people do. */
const unhurried = (config: Config): Config => ({ ...config, limits: { ...config.limits, previewsPerMinute: 10_000 } });

let system: System;
beforeAll(async () => {
  system = await startSystem({ configure: (config) => unhurried(administered(config)) });
  // Everybody of the cast is known.
  await login(system, { login: 'bob', tenant: 'acme', scope: ['read'] });
  await login(system, { login: 'carol', tenant: 'acme' });
});
afterAll(() => system.close());

const policies = () => openPolicies(system.engine);
const revision = async (): Promise<number> => (await policies().latest())?.number ?? 0;
const groupsInAcme = async (): Promise<unknown> => {
  const latest = await policies().latest();
  const document = (await policies().document(latest?.digest ?? '')) as { tenants: { id: string; rules: unknown[] }[] };
  return document.tenants.find(({ id }) => id === 'acme')?.rules;
};

/** Whatever a test published is taken back. */
const begin = async (): Promise<void> => {
  const number = (await revision()) + 1;
  await policies().add({ number, at: 1, source: 'administrator', by: 'somebody', note: 'as before' }, policyOf(system.config));
  await new Promise((resolve) => setTimeout(resolve, 2_000));
};

const cookiesOf = (browser: Browser): string => browser.page.headers.getSetCookie().join('\n');

const refusedBy = async (browser: Browser, press: () => Promise<unknown>): Promise<readonly [number, string, boolean]> => {
  const before = await revision();
  await press();
  const title = /<h1[^>]*>([\s\S]*?)<\/h1>/.exec(browser.page.body)?.[1]?.replace(/<[^>]*>/g, '') ?? '';
  return [browser.page.status, title.trim(), (await revision()) === before];
};

describe('getting in', () => {
  it('an administrator comes to the rules of their own workspace, by an ordinary sign-in and a decision', async () => {
    const browser = await openConsole(system, 'alice');
    expect([browser.page.status, browser.page.url.pathname]).toEqual([200, rulesAt('acme')]);
    expect(column(browser, 'group')).toEqual(['it-admins', 'eng', 'sales']);
    expect(column(browser, 'role')).toEqual(['platform', 'admin', 'viewer']);
    expect(said(browser)).toContain('alice@demo.example');
  });

  it('whoever asked for a workspace’s rules comes back to them, and to nowhere else', async () => {
    const carol = await openConsole(system, 'carol', undefined, rulesAt('initech'));
    expect([carol.page.status, carol.page.url.pathname]).toEqual([200, rulesAt('initech')]);
    // Whose it is not is told so there, as with any address.
    const erin = await openConsole(system, 'erin', undefined, rulesAt('acme'));
    expect([erin.page.status, erin.page.url.pathname]).toEqual([404, rulesAt('acme')]);
    for (const at of [rulesAt('..%2f..%2fevil'), rulesAt('https:%2f%2fevil.example'), `${rulesAt('ACME')}?next=//evil.example`]) {
      const browser = await openConsole(system, 'alice', undefined, at);
      expect([at, browser.page.url.href]).toEqual([at, `${system.issuer}${rulesAt('acme')}`]);
    }
  });

  it('where a sign-in leads cannot be changed on the way', async () => {
    const opened: URL[] = [];
    const watched = openBrowser({
      fetch: async (url, init) => {
        opened.push(new URL(url instanceof Request ? url.url : url));
        return fetch(url, init);
      },
    });
    await watched.get(`${system.issuer}${rulesAt('acme')}`);
    await signIn(watched, 'alice');
    await watched.submit({ scope: ['admin:read'] }, { form: '/consent', press: 'Approve' });
    const answered = opened.find(({ pathname }) => pathname === '/admin/callback') ?? new URL(system.issuer);
    const state = answered.searchParams.get('state') ?? '';
    expect(state).toContain('.acme.');
    for (const forged of [state.replace('.acme.', '.initech.'), state.replace('.acme.', '..'), state.replace('.acme.', '.')]) {
      const changed = new URL(answered);
      changed.searchParams.set('state', forged);
      expect((await watched.get(changed)).status).toBe(403);
    }
    expect((await watched.get(answered)).url.pathname).toBe(rulesAt('acme'));
  });

  it('what they are remembered by is for no script and for no request that another site caused [W123]', async () => {
    const given: string[] = [];
    const watched: typeof fetch = async (url, init) => {
      const response = await fetch(url, init);
      given.push(...response.headers.getSetCookie());
      return response;
    };
    const browser = openBrowser({ fetch: watched });
    await browser.get(`${system.issuer}/admin`);
    await signIn(browser, 'alice');
    await browser.submit({ scope: ['admin:read'] }, { form: '/consent', press: 'Approve' });
    const session = given.filter((cookie) => cookie.startsWith('drawbridge_admin='));
    expect(session).toEqual([expect.stringMatching(/^drawbridge_admin=[\w.-]+; Path=\/; HttpOnly; SameSite=Strict$/)]);
    // Neither the token nor the code is in it.
    expect(session[0]).not.toMatch(/db_|eyJ/);
  });

  it('a viewer is told that they have no access, before they are asked for anything', async () => {
    const browser = await arriveAtConsole(system, 'bob');
    expect(browser.page.status).toBe(403);
    expect(said(browser)).toContain('nobody has given you access to Administration');
  });

  it('another workspace is not there for its neighbours, and is for whoever looks after all [W72] [W120]', async () => {
    const erin = await openConsole(system, 'erin');
    expect(erin.page.url.pathname).toBe(rulesAt('initech'));
    expect((await erin.get(rulesAt('acme'))).status).toBe(404);
    const nowhere = (await erin.get(rulesAt('nowhere'))).body.replace(/DB-[\w-]+|\d\d:\d\d UTC/g, '');
    expect((await erin.get(rulesAt('acme'))).body.replace(/DB-[\w-]+|\d\d:\d\d UTC/g, '')).toBe(nowhere);
    const carol = await openConsole(system, 'carol');
    expect((await carol.get(rulesAt('initech'))).status).toBe(200);
    expect(said(carol)).toContain('Rules of Acme');
  });

  it('a workspace that is suspended says so, to whoever may look at it from elsewhere', async () => {
    const browser = await openConsole(system, 'carol');
    await browser.get(`${system.issuer}${rulesAt('initech')}`);
    expect(said(browser)).not.toContain('This workspace is suspended');
    const policy = policyOf(system.config);
    const tenants = policy.tenants.map((tenant) => ({ ...tenant, suspended: tenant.id === 'initech' }));
    const number = (await revision()) + 1;
    await policies().add({ number, at: 1, source: 'apply', by: 'somebody', note: '' }, { ...policy, tenants });
    for (let look = 0; look < 40 && !said(browser).includes('This workspace is suspended'); look += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      await browser.get(`${system.issuer}${rulesAt('initech')}`);
    }
    expect([browser.page.status, said(browser)]).toEqual([200, expect.stringContaining('This workspace is suspended')]);
    await begin();
  });

  it('a form for a neighbour’s workspace changes nothing, whatever value of which session it carries [W120]', async () => {
    const [erin, carol] = [await openConsole(system, 'erin'), await openConsole(system, 'carol')];
    await carol.get(rulesAt('acme'));
    const { fields } = carol.form('/rules');
    fields.set('press', 'publish');
    expect(await refusedBy(erin, () => erin.post(rulesAt('acme'), fields, { Origin: system.issuer }))).toEqual([
      404,
      'There is no page here',
      true,
    ]);
  });

  it('a draft names nobody who has no role here: other tenants’ people are not its author’s to know [W72] [W120]', async () => {
    await openConsole(system, 'erin');
    const browser = await openConsole(system, 'alice');
    await pressRules(browser, 'Check this draft', { group: ['it-admins', 'eng', 'support'] });
    expect(said(browser)).toContain('gets access');
    expect(said(browser)).not.toMatch(/erin/i);
    const carol = await openConsole(system, 'carol');
    await pressRules(carol, 'Check this draft', { group: ['it-admins', 'eng', 'support'] });
    expect(said(carol)).toMatch(/erin/i);
  });

  it('an answer is taken only by the browser whose sign-in it belongs to', async () => {
    const browser = await openConsole(system, 'alice');
    const other = openBrowser();
    await other.get(`${system.issuer}/admin`);
    const forged = `/admin/callback?code=db_ac_x&state=AAAA.BBBB&iss=${encodeURIComponent(system.issuer)}`;
    expect([(await other.get(forged)).status, (await browser.get(forged)).status]).toEqual([403, 403]);
    expect((await browser.get('/admin')).status).toBe(200);
  });
});

describe('being in', () => {
  afterEach(begin);

  it('ends at once with the role it hangs on', async () => {
    const browser = await openConsole(system, 'alice');
    const policy = policyOf(system.config);
    const tenants = policy.tenants.map((tenant) => ({ ...tenant, rules: tenant.rules.filter(({ group }) => group !== 'eng') }));
    const number = (await revision()) + 1;
    await policies().add({ number, at: 1, source: 'apply', by: null, note: '' }, { ...policy, tenants });
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(said(browser)).toContain('Try a change');
    expect((await browser.get(rulesAt('acme'))).url.pathname).not.toBe(rulesAt('acme'));
  });

  it('ends with a sign-out, also for whoever kept the cookie', async () => {
    const browser = await openConsole(system, 'alice');
    const kept = browser.form('/sign-out').fields;
    const page = await browser.submit({}, { form: '/sign-out' });
    expect([page.status, page.url.pathname]).toEqual([200, '/admin/signed-out']);
    expect(said(browser)).toContain('You are signed out of administration');
    expect(kept.get('csrf')).toMatch(/^[\w-]{43}$/);
    const ended = (await system.engine.page(grants, { after: '', limit: 500 })).filter(
      (row) => row['endedBecause'] === 'the administrator signed out',
    );
    expect(ended).toHaveLength(1);
    expect((await browser.get('/admin')).url.pathname).toMatch(/^\/authorize\//);
  });

  it('a form outlives no session: it is told of, and not read', async () => {
    const browser = await openConsole(system, 'alice');
    const { fields } = browser.form('/rules');
    const stranger = openBrowser();
    const answer = await stranger.post(new URL(rulesAt('acme'), system.issuer), fields, { Origin: system.issuer });
    expect([answer.status, said(stranger).includes('You are signed out')]).toEqual([403, true]);
  });
});

describe('a press is only one of ours', () => {
  it.each<[string, (fields: URLSearchParams) => void, Record<string, string>]>([
    ['without its value', (fields) => fields.delete('csrf'), {}],
    ['with another value', (fields) => fields.set('csrf', 'A'.repeat(43)), {}],
    ['with its value twice', (fields) => fields.append('csrf', fields.get('csrf') ?? ''), {}],
    ['from another site', () => undefined, { 'Sec-Fetch-Site': 'cross-site' }],
    ['from a page of another origin', () => undefined, { Origin: 'https://evil.example' }],
  ])('%s it is refused [W123]', async (_what, change, headers) => {
    const browser = await openConsole(system, 'alice');
    const { fields } = browser.form('/rules');
    fields.set('press', 'publish');
    change(fields);
    const post = () => browser.post(rulesAt('acme'), fields, { Origin: system.issuer, ...headers });
    expect((await refusedBy(browser, post)).filter((_, index) => index !== 1)).toEqual([403, true]);
  });

  it('nor does a value of the bar, or of another session, open the draft [W123]', async () => {
    const [browser, other] = [await openConsole(system, 'alice'), await openConsole(system, 'alice')];
    for (const csrf of [browser.form('/sign-out').fields.get('csrf'), other.form('/rules').fields.get('csrf')]) {
      const { fields } = browser.form('/rules');
      fields.set('csrf', csrf ?? '');
      expect((await browser.post(rulesAt('acme'), fields, { Origin: system.issuer })).status).toBe(403);
      await browser.get(rulesAt('acme'));
    }
    expect((await pressRules(browser, 'Check this draft')).status).toBe(200);
  });

  it('nothing changes by following a link', async () => {
    const browser = await openConsole(system, 'alice');
    const query = browser.form('/rules').fields;
    query.set('press', 'remove.3');
    await browser.get(`${rulesAt('acme')}?${query.toString()}`);
    expect(column(browser, 'group')).toEqual(['it-admins', 'eng', 'sales']);
  });
});

describe('a draft', () => {
  it('is edited, moved, removed and put back, with what is published beside it', async () => {
    const browser = await openConsole(system, 'alice');
    await pressRules(browser, 'Add a rule');
    expect(column(browser, 'from')).toEqual(['1', '2', '3', 'new']);
    expect(said(browser)).toContain('Name the group this rule is about');
    await pressRules(browser, 'Check this draft', {
      group: ['it-admins', 'eng', 'support', 'contractors'],
      effect: ['give', 'give', 'give', 'deny'],
      role: ['platform', 'admin', 'viewer', '*'],
    });
    expect(said(browser)).toContain('Published version: group sales');
    await pressRules(browser, 'Move up rule 4');
    expect(column(browser, 'group')).toEqual(['it-admins', 'eng', 'contractors', 'support']);
    await pressRules(browser, 'Remove rule 4');
    expect(said(browser)).toContain('People in the group sales get the role Viewer.');
    await pressRules(browser, 'Put it back');
    expect(column(browser, 'group')).toEqual(['it-admins', 'eng', 'contractors', 'sales']);
    await pressRules(browser, 'Remove rule 3');
    expect(said(browser)).toContain('There is nothing to publish');
  });

  it('says who it touches, and everybody is in one of its numbers', async () => {
    const browser = await openConsole(system, 'alice');
    await pressRules(browser, 'Remove rule 3');
    expect(said(browser)).toMatch(/Checked 3 people at .* −1.*2|−1/);
    expect(said(browser)).toContain('Bob Baker');
    expect(said(browser)).toContain('Viewer → becomes No access · no rule fits');
    const numbers = [...browser.page.body.matchAll(/<dd>[+−]?(\d+)<\/dd>/g)].map(([, digits]) => Number(digits));
    expect(numbers.reduce((sum, each) => sum + each, 0)).toBe(3);
  });

  it('is tried on somebody who need not exist', async () => {
    const browser = await openConsole(system, 'alice');
    await pressRules(browser, 'Try this person', { tried: 'nobody\r\nsales', role: ['platform', 'admin', 'editor'] });
    expect(said(browser)).toContain('They would be Editor');
    expect(said(browser)).toContain('rule 3: group sales');
    expect(said(browser)).toContain('Add and delete notes');
    expect(said(browser)).toContain('By the published rules: Viewer');
    await pressRules(browser, 'Try this person', { tried: 'sales-' });
    expect(said(browser)).toContain('They would have no access');
  });

  it('with names that look like markup stays text [W81]', async () => {
    const browser = await openConsole(system, 'alice');
    await pressRules(browser, 'Check this draft', {
      group: ['it-admins', 'eng', `"><img src=x onerror=alert(1)>`],
      tried: '</textarea><script>',
    });
    expect(browser.page.status).toBe(200);
    expect(browser.page.body).not.toMatch(/<img|<script/);
    expect(column(browser, 'group')[2]).toBe(`"><img src=x onerror=alert(1)>`);
  });

  it('that no configuration could hold is marked where it is wrong', async () => {
    const browser = await openConsole(system, 'alice');
    await pressRules(browser, 'Check this draft', { group: ['it-admins', 'eng*', 'sales'] });
    expect(said(browser)).toContain('must not contain a wildcard where the role is an administrator’s');
    expect(said(browser)).toContain('Publishing is off');
    await pressRules(browser, 'Check this draft', { group: ['it-admins', 'eng', 'a'.repeat(301)] });
    expect(said(browser)).toContain('The group is too long');
    await pressRules(browser, 'Check this draft', { group: ['it-admins', 'eng', `${'*a'.repeat(11)}`] });
    expect(said(browser)).toContain('must not contain more than ten *');
  });
});

describe('publishing', () => {
  afterEach(begin);

  const removeViewer = async (): Promise<Browser> => {
    const browser = await openConsole(system, 'alice');
    await pressRules(browser, 'Remove rule 3');
    return browser;
  };

  it('takes the number of people who lose something, holds everywhere, and is on record with who it was', async () => {
    const browser = await removeViewer();
    const bob = await login(system, { login: 'bob', tenant: 'acme', scope: ['read'] });
    const reads = async () => (await callTool(system, bob.tokens.access_token, 'list_notes')).status;
    expect(await reads()).toBe(200);
    for (const losing of ['2', '', 'one', '1.0', '-1']) {
      const answer = await refusedBy(browser, () => pressRules(browser, 'Publish', { losing }));
      expect([losing, ...answer]).toEqual([losing, 422, 'Try a change to access rules Draft, not published', true]);
      expect(said(browser)).toContain('1 person loses something');
    }
    const before = await revision();
    const page = await pressRules(browser, 'Publish', { losing: ' 1 ' });
    expect([page.status, page.url.pathname, said(browser).includes('Published These rules hold everywhere now')]).toEqual([
      200,
      rulesAt('acme'),
      true,
    ]);
    expect(await policies().latest()).toMatchObject({
      number: before + 1,
      source: 'administrator',
      note: expect.stringContaining('1 gone; 1 person loses something'),
    });
    expect(await groupsInAcme()).toEqual([
      { group: 'it-admins', role: 'platform' },
      { group: 'eng', role: 'admin' },
    ]);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(await reads()).toBe(401);
    const events = (await system.engine.page(auditEvents, { after: '', limit: 5000 })).map(
      (row) => row['event'] as Record<string, unknown>,
    );
    const record = events.filter(({ event, revision: number }) => event === 'policy.changed' && number === before + 1);
    expect(record).toEqual([expect.objectContaining({ tenantId: 'acme', adminId: expect.stringMatching(/^u_[\w-]{22}$/) })]);
  });

  it('is refused when it would lock out whoever publishes, also by a form that says otherwise', async () => {
    const browser = await openConsole(system, 'alice');
    await pressRules(browser, 'Remove rule 2');
    expect(said(browser)).toContain('Publishing this draft would lock you out');
    expect(said(browser)).toContain('only through rule 2 (group eng)');
    expect(browser.page.body).toMatch(/<button class="button" disabled="disabled"/);
    const { fields } = browser.form('/rules');
    fields.set('losing', '1');
    fields.set('press', 'publish');
    const press = () => browser.post(rulesAt('acme'), fields, { Origin: system.issuer });
    expect(await refusedBy(browser, press)).toEqual([422, 'Try a change to access rules Draft, not published', true]);
    expect(said(browser)).toContain('Publishing this draft would lock you out');
  });

  it('is refused when the preview is older than 10 minutes, and then looks again', async () => {
    const browser = await removeViewer();
    system.clock.advance(10 * 60_000 + 1000);
    expect((await refusedBy(browser, () => pressRules(browser, 'Publish', { losing: '1' }))).filter((_, index) => index !== 1)).toEqual([
      409,
      true,
    ]);
    expect(said(browser)).toContain('This preview is older than 10 minutes');
    expect((await pressRules(browser, 'Publish', { losing: '1' })).status).toBe(200);
  });

  it('is refused when the rules changed meanwhile, and the draft is kept [W124]', async () => {
    const [first, second] = [await removeViewer(), await openConsole(system, 'alice')];
    await pressRules(second, 'Check this draft', { group: ['it-admins', 'eng', 'support'] });
    expect((await pressRules(first, 'Publish', { losing: '1' })).status).toBe(200);
    expect((await refusedBy(second, () => pressRules(second, 'Publish', { losing: '1' }))).filter((_, index) => index !== 1)).toEqual([
      409,
      true,
    ]);
    expect(said(second)).toContain('The rules changed while this page was open');
    expect(column(second, 'group')).toEqual(['it-admins', 'eng', 'support']);
    expect(column(second, 'from')).toEqual(['1', '2', 'new']);
    await pressRules(second, 'Publish');
    expect(said(second)).toContain('These rules hold everywhere now');
    expect(await groupsInAcme()).toContainEqual({ group: 'support', role: 'viewer' });
  });

  it('lets exactly one of many who press at once [W124]', async () => {
    const browsers = await Promise.all(Array.from({ length: 5 }, () => removeViewer()));
    const before = await revision();
    const pages = await Promise.all(browsers.map((browser) => pressRules(browser, 'Publish', { losing: '1' })));
    expect(pages.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409, 409, 409]);
    expect(await revision()).toBe(before + 1);
  });

  it('is of what was checked: what was typed after it is looked at first', async () => {
    const browser = await removeViewer();
    const changed = { losing: '1', group: ['it-admins', 'eng-leads'] };
    expect((await refusedBy(browser, () => pressRules(browser, 'Publish', changed))).filter((_, index) => index !== 1)).toEqual([
      409,
      true,
    ]);
    const { fields } = browser.form('/rules');
    fields.set('checked', `${String(await revision())}.${String(Date.now())}.forged.${'A'.repeat(43)}`);
    fields.set('press', 'publish');
    expect((await browser.post(rulesAt('acme'), fields, { Origin: system.issuer })).status).toBe(409);
  });

  it('gives nobody more than its author may do [W120]', async () => {
    const browser = await openConsole(system, 'alice');
    await pressRules(browser, 'Check this draft', { group: ['it-admins', 'eng', 'sales'], role: ['platform', 'admin', 'platform'] });
    expect(said(browser)).toContain('gives somebody more than you may do yourself');
    const { fields } = browser.form('/rules');
    fields.set('press', 'publish');
    const press = () => browser.post(rulesAt('acme'), fields, { Origin: system.issuer });
    expect((await refusedBy(browser, press)).filter((_, index) => index !== 1)).toEqual([422, true]);
    const carol = await openConsole(system, 'carol');
    await pressRules(carol, 'Check this draft', { group: ['it-admins', 'eng', 'sales'], role: ['platform', 'admin', 'platform'] });
    expect(said(carol)).not.toContain('more than you may do yourself');
  });

  it('is off for whoever let the pages look only, and for the Admin API’s own token there is no such page', async () => {
    const browser = await openConsole(system, 'alice', ['admin:read']);
    await pressRules(browser, 'Remove rule 3');
    expect(said(browser)).toContain('you let this page look only');
    const { fields } = browser.form('/rules');
    fields.set('press', 'publish');
    fields.set('losing', '1');
    expect(
      (await refusedBy(browser, () => browser.post(rulesAt('acme'), fields, { Origin: system.issuer }))).filter((_, index) => index !== 1),
    ).toEqual([422, true]);
    const api = await signInAs(system, 'admin of acme');
    const answer = await fetch(`${system.issuer}${rulesAt('acme')}`, {
      headers: { Authorization: `Bearer ${api.tokens.access_token}` },
      redirect: 'manual',
    });
    expect(answer.status).toBe(303);
    expect((await ask(system, 'GET', '/tenants', { token: api.tokens.access_token })).status).toBe(200);
  });
});

describe('whose the rules are', () => {
  it('what was published outlives a restart with the same file, and where the file decides they are only tried', async () => {
    const browser = await openConsole(system, 'alice');
    await pressRules(browser, 'Remove rule 3');
    await pressRules(browser, 'Publish', { losing: '1' });
    const after = await groupsInAcme();
    await system.restart((config) => ({ ...config, administration: { ...config.administration, rulesByFileOnly: true } }));
    expect(await groupsInAcme()).toEqual(after);
    await browser.get(rulesAt('acme'));
    await pressRules(browser, 'Add a rule');
    await pressRules(browser, 'Check this draft', { group: ['it-admins', 'eng', 'sales'], role: ['platform', 'admin', 'viewer'] });
    expect(said(browser)).toContain('these rules come from the configuration file. Change them there and run drawbridge apply');
    const { fields } = browser.form('/rules');
    fields.set('press', 'publish');
    expect(
      (await refusedBy(browser, () => browser.post(rulesAt('acme'), fields, { Origin: system.issuer }))).filter((_, index) => index !== 1),
    ).toEqual([422, true]);
    expect(cookiesOf(browser)).toBe('');
  });
});
