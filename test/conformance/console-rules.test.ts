/** What a rule can ask for besides a group, edited on the administrators' pages; the names of groups; and how often drafts are tried. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Config } from '../../src/config/schema.ts';
import { ConnectionId, RoleId } from '../../src/domain/ids.ts';
import { openGroupNames } from '../../src/stores/group-names.ts';
import { openPolicies } from '../../src/stores/policies.ts';
import { administered } from '../support/administration.ts';
import { login } from '../support/client.ts';
import { column, openConsole, pressRules, rulesAt, said } from '../support/console-walk.ts';
import { startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';
import { withinOneMinute } from '../support/wire.ts';

const demo = ConnectionId.parse('demo');
const partner = ConnectionId.parse('partner');
const stranger = ConnectionId.parse('stranger');
const platformTeam = '6f1c2b7e-0d34-4c11-9a53-2f7d0e5b8c90';

const more = {
  conditions: { connection: demo, where: [{ claim: '/department', is: ['Finance', 'Accounting'] }] },
  // As a file may write it, and no field of a page shows it.
  unseen: { connection: demo, group: 'a\u200eb ' },
};

/** Three ways to sign in, one of which leads to another workspace only, and rules with everything there is. */
const everything = (config: Config): Config => {
  const { tenants, ...rest } = administered(config);
  const [first] = config.connections;
  if (first === undefined) throw new Error('the demonstration has a connection');
  return {
    ...rest,
    limits: { ...config.limits, previewsPerMinute: 10_000 },
    connections: [first, { ...first, id: partner, name: 'Partner door' }, { ...first, id: stranger, name: 'Stranger door' }],
    tenants: tenants.map((tenant) => {
      const own = tenant.rules.map((rule) => ({ ...rule, connection: demo }));
      if (tenant.id === 'globex') return { ...tenant, rules: [{ connection: stranger, group: 'strangers', role: RoleId.parse('viewer') }] };
      if (tenant.id !== 'acme') return { ...tenant, rules: own };
      const viewer = own.find(({ role }) => role === 'viewer')?.role;
      if (viewer === undefined) throw new Error('there is a viewer');
      const lasting = { ...more.conditions, role: viewer, until: '2031-01-31T18:00:30Z' };
      return {
        ...tenant,
        rules: [
          ...own,
          lasting,
          { connection: partner, group: 'guests', deny: '*' },
          { ...more.unseen, role: viewer },
          { connection: partner, group: 'guests-*', role: viewer },
        ],
      };
    }),
  };
};

let system: System;
beforeAll(async () => {
  system = await startSystem({ configure: everything });
  await login(system, { login: 'bob', tenant: 'acme', scope: ['read'] });
});
afterAll(() => system.close());

const rulesNow = async (): Promise<Record<string, unknown>[]> => {
  const policies = openPolicies(system.engine);
  const latest = await policies.latest();
  const document = (await policies.document(latest?.digest ?? '')) as { tenants: { id: string; rules: Record<string, unknown>[] }[] };
  return document.tenants.find(({ id }) => id === 'acme')?.rules ?? [];
};

describe('what a rule asks for besides a group', () => {
  it('stands in fields, and a draft that nobody touched says what is published', async () => {
    const browser = await openConsole(system, 'alice');
    expect(column(browser, 'connection')).toEqual(['demo', 'demo', 'demo', 'demo', 'partner', 'demo', 'partner']);
    expect(column(browser, 'until')).toEqual(['', '', '', '2031-01-31T18:00:30', '', '', '']);
    expect([column(browser, 'claim'), column(browser, 'is').map((text) => text.trim())]).toEqual([
      ['/department'],
      ['Finance\nAccounting'],
    ]);
    expect(said(browser)).toContain('Only where /department is Finance or Accounting');
    await pressRules(browser, 'Check this draft');
    expect(said(browser)).toContain('There is nothing to publish');
    expect(browser.page.body).not.toContain('badge accent');
  });

  it('is offered among the ways that lead here, and others are neither named nor taken', async () => {
    const browser = await openConsole(system, 'alice');
    expect(browser.page.body).toContain('Partner door');
    expect(browser.page.body).not.toMatch(/stranger/i);
    const [, ...rest] = column(browser, 'connection');
    for (const unknown of ['stranger', 'nowhere']) {
      await pressRules(browser, 'Check this draft', { connection: [unknown, ...rest] });
      expect(said(browser)).toContain('Choose one of these ways to sign in');
      expect(browser.page.body).not.toContain('Stranger door');
      expect(column(browser, 'connection')[0]).toBe(unknown);
    }
    expect((await openConsole(system, 'carol')).page.body).toContain('Stranger door');
  });

  it('an administrator’s rule has to say which sign-in it is for, where there are several', async () => {
    const browser = await openConsole(system, 'alice');
    const [first = '', , ...rest] = column(browser, 'connection');
    await pressRules(browser, 'Check this draft', { connection: [first, '', ...rest] });
    expect(said(browser)).toContain('another way to sign in may have a group of the same name');
    expect(browser.page.body).toMatch(/id="connection-2"[^>]*aria-invalid="true"\s+autofocus/);
    expect(said(browser)).toContain('Publishing is off until the rules that are marked are put right');
    await pressRules(browser, 'Check this draft', { connection: [first, first, ...rest] });
    expect(said(browser)).toContain('There is nothing to publish');
  });

  it.each<[string, Record<string, readonly string[]>, string]>([
    ['an end that is none', { until: ['', '', '2031-02-31T10:00', '', '', '', ''] }, 'Write a date and a time'],
    ['an end of a denial', { until: ['', '', '', '', '2031-02-01T10:00', '', ''] }, '“Never get” has no end'],
    ['a detail that is no pointer', { claim: ['department'] }, 'The detail must be a JSON pointer such as /groups'],
    [
      'a detail that people write themselves',
      { claim: ['/user_metadata/role'] },
      'The detail must not be where people write about themselves',
    ],
    ['a value with too many stars', { is: ['*a'.repeat(11)] }, 'The value must not contain more than ten *'],
    [
      'too many values',
      { is: [Array.from({ length: 101 }, (_, index) => `v${index}`).join('\r\n')] },
      'The value has more than a hundred lines',
    ],
    ['a condition without a detail', { claim: [''] }, 'Say which detail, or remove this condition'],
    ['a condition without a value', { is: ['\r\n '] }, 'Say what it has to be'],
  ])('%s is marked at its field, and what was typed is kept', async (_what, fields, words) => {
    const browser = await openConsole(system, 'alice');
    await pressRules(browser, 'Check this draft', fields);
    expect([browser.page.status, said(browser).includes(words)]).toEqual([200, true]);
    const [[name, typed] = ['', []]] = Object.entries(fields);
    const kept = column(browser, name as 'until').map((text) => text.trim().replaceAll('\n', '\r\n'));
    expect(kept).toEqual(typed.map((text) => text.trim()));
    expect([...browser.page.body.matchAll(/aria-invalid="true"/g)]).toHaveLength(1);
    expect(browser.page.body).toMatch(new RegExp(`name="${name}"[^>]*aria-invalid="true"\\s+autofocus`));
  });

  it('is tried on somebody of whom details are said, and what is not said is not known', async () => {
    const browser = await openConsole(system, 'alice');
    await pressRules(browser, 'Try this person', { tried: '', through: 'demo', details: '/department  Accounting\r\n/department Sales' });
    expect(said(browser)).toContain('They would be Viewer');
    expect(said(browser)).toContain('rule 4: /department Accounting');
    await pressRules(browser, 'Try this person', { details: '/department Sales\r\nAccounting' });
    expect(said(browser)).toContain('They would have no access');
    expect(said(browser)).not.toContain('is not known.');
    await pressRules(browser, 'Try this person', { details: '' });
    expect(said(browser)).toContain('Rule 4 may fit them, too: /department is not known.');
  });

  it('a form whose fields do not belong together is not read', async () => {
    const browser = await openConsole(system, 'alice');
    for (const [name, values] of [
      ['conditions', ['0', '0', '0', '2', '0', '0']],
      ['conditions', ['0', '0', '0', '-1', '1', '1']],
      ['until', ['']],
      ['is', []],
    ] as const) {
      await browser.get(rulesAt('acme'));
      await pressRules(browser, 'Check this draft', { [name]: values });
      expect([name, browser.page.status]).toEqual([name, 400]);
    }
  });

  it('conditions are added and removed, and a rule may be about them alone', async () => {
    const browser = await openConsole(system, 'alice');
    await pressRules(browser, 'Add a condition to rule 3');
    expect(column(browser, 'claim')).toEqual(['', '/department']);
    expect(browser.page.body).toMatch(/id="claim-1-3"[^>]*autofocus/);
    const group = column(browser, 'group').with(2, '');
    await pressRules(browser, 'Check this draft', { group, claim: ['/title', '/department'], is: ['Sales*', 'Finance\r\nAccounting'] });
    expect(said(browser)).toContain('Published version: group sales , no conditions');
    await pressRules(browser, 'Add a condition to rule 3');
    await pressRules(browser, 'Remove this condition : 1 of rule 3', {
      claim: ['/title', '/site', '/department'],
      is: ['Sales*', 'Oslo', 'Finance'],
    });
    expect([column(browser, 'claim'), column(browser, 'is').map((text) => text.trim())]).toEqual([
      ['/site', '/department'],
      ['Oslo', 'Finance'],
    ]);
  });

  it('is published with everything, tells who loses by it, and leaves alone what a field cannot show', async () => {
    const browser = await openConsole(system, 'alice');
    const before = await rulesNow();
    await pressRules(browser, 'Add a condition to rule 3');
    const until = column(browser, 'until').with(2, '2031-06-01T08:00');
    await pressRules(browser, 'Check this draft', { claim: ['/department', '/department'], is: ['Sales', 'Finance\r\nAccounting'], until });
    expect(said(browser)).toContain('1 loses access');
    expect(said(browser)).toContain('Bob Baker');
    await pressRules(browser, 'Publish', { losing: '1' });
    expect(said(browser)).toContain('These rules hold everywhere now');
    const after = await rulesNow();
    expect(after[2]).toEqual({ ...before[2], where: [{ claim: '/department', is: ['Sales'] }], until: '2031-06-01T08:00:00.000Z' });
    expect(after[3]).toEqual({ ...before[3], until: '2031-01-31T18:00:30.000Z' });
    expect(after.slice(4)).toEqual(before.slice(4));
    expect(after[5]).toMatchObject({ group: more.unseen.group });
  });
});

describe('what groups are called', () => {
  beforeAll(async () => {
    const names = openGroupNames(system.engine, system.clock);
    names.note(
      demo,
      new Map([
        ['eng', 'Engineering'],
        ['sales', '<img src=x onerror=alert(1)>\u202e'],
        [platformTeam, 'Platform team'],
        ['twin-1', 'Twins'],
        ['twin-2', 'Twins'],
      ]),
    );
    names.note(stranger, new Map([['strangers', 'Strange people']]));
    names.note(partner, new Map([['guests', 'Guests of ours']]));
    await names.settled();
  });

  it('stands beside their ids, which stay what a rule names', async () => {
    const browser = await openConsole(system, 'alice');
    expect(column(browser, 'group').slice(0, 3)).toEqual(['it-admins', 'eng', 'sales']);
    expect(browser.page.body).toMatch(/<strong><bdi>Engineering<\/bdi><\/strong> \(<code>eng<\/code>\)/);
    await pressRules(browser, 'Check this draft', { group: column(browser, 'group').with(1, platformTeam) });
    expect(said(browser)).toContain('Published version: group Engineering ( eng )');
    expect(said(browser)).toContain('only through rule 2 (group Engineering (eng))');
    await pressRules(browser, 'Remove rule 2');
    expect(said(browser)).toContain('People in the group Engineering (eng) get the role Administrator.');
    await pressRules(browser, 'Try this person', { tried: 'sales\r\neng', through: 'demo' });
    expect(said(browser)).not.toMatch(/group eng /);
  });

  it('is offered where its connection leads nowhere else: whom other workspaces have is not for this one’s administrator [W72] [W120]', async () => {
    const browser = await openConsole(system, 'alice');
    const [, list = ''] = /<datalist id="known-groups">([\s\S]*?)<\/datalist>/.exec(browser.page.body) ?? [];
    expect([...list.matchAll(/<option value="([^"]*)">/g)].map(([, value]) => value)).toEqual(['guests']);
  });

  it('is offered with the field, and is never the value; two groups may have one name', async () => {
    const browser = await openConsole(system, 'carol');
    const offered = [...browser.page.body.matchAll(/<option value="([^"]*)">([^<]*)<\/option>/g)].map(([, value, words]) => [value, words]);
    expect(offered).toEqual(
      expect.arrayContaining([
        ['eng', 'Engineering (eng)'],
        ['twin-1', 'Twins (twin-1)'],
        ['twin-2', 'Twins (twin-2)'],
        [platformTeam, `Platform team (${platformTeam})`],
      ]),
    );
    expect(browser.page.body).not.toContain('Strange people');
    await pressRules(browser, 'Check this draft', { group: column(browser, 'group').with(2, 'Twins') });
    expect(browser.page.body).not.toMatch(/<strong><bdi>Twins/);
  });

  it('that looks like markup stays text [W81]', async () => {
    const browser = await openConsole(system, 'alice');
    expect(browser.page.body).not.toMatch(/<img|\u202e/);
    expect(browser.page.body).toContain('&lt;img src=x onerror=alert(1)&gt;</bdi></strong> (<code>sales</code>)');
  });

  it('is offered up to a number', async () => {
    const names = openGroupNames(system.engine, system.clock);
    names.note(demo, new Map(Array.from({ length: 300 }, (_, index) => [`p-${index}`, `Partners ${index}`])));
    await names.settled();
    const browser = await openConsole(system, 'carol');
    const [, list = ''] = /<datalist id="known-groups">([\s\S]*?)<\/datalist>/.exec(browser.page.body) ?? [];
    // Two hundred over the two ways that lead here, of which one has a group with a name.
    expect([...list.matchAll(/<option value=/g)]).toHaveLength(101);
  });
});

describe('how often drafts are tried', () => {
  let hurried: System;
  beforeAll(async () => {
    const limits = (config: Config): Config => ({ ...administered(config), limits: { ...config.limits, previewsPerMinute: 3 } });
    hurried = await startSystem({ configure: limits });
    withinOneMinute(hurried);
  });
  afterAll(() => hurried.close());

  it('is bounded for each administrator, and the draft is kept; what is in force costs nothing', async () => {
    const browser = await openConsole(hurried, 'alice');
    for (let look = 0; look < 5; look += 1) await pressRules(browser, 'Check this draft');
    expect([browser.page.status, said(browser).includes('There is nothing to publish')]).toEqual([200, true]);
    expect(said(browser)).not.toContain('Checked');
    const group = ['it-admins', 'eng', 'support'];
    for (let look = 0; look < 3; look += 1) expect((await pressRules(browser, 'Check this draft', { group })).status).toBe(200);
    expect(said(browser)).toContain('Checked');
    const stopped = await pressRules(browser, 'Check this draft');
    expect([stopped.status, Number(stopped.headers.get('Retry-After')) > 0]).toEqual([429, true]);
    expect(said(browser)).toContain('You have looked at many drafts within a minute');
    expect(said(browser)).toContain('Publishing is off until who it touches can be worked out again');
    expect(column(browser, 'group')).toEqual(group);
    const { fields } = browser.form('/rules');
    fields.set('press', 'publish');
    fields.set('losing', '1');
    expect((await browser.post(rulesAt('acme'), fields, { Origin: hurried.issuer })).status).toBe(429);
    // Somebody else is not stopped, nor is the same administrator a minute later.
    const carol = await openConsole(hurried, 'carol');
    expect((await pressRules(carol, 'Check this draft', { group })).status).toBe(200);
    hurried.clock.advance(60_000);
    expect((await pressRules(browser, 'Check this draft', { group })).status).toBe(200);
  });

  it('a page that had to wait is no preview to publish by', async () => {
    hurried.clock.advance(60_000);
    const browser = await openConsole(hurried, 'alice');
    const group = ['it-admins', 'eng', 'support'];
    for (let look = 0; look < 4; look += 1) await pressRules(browser, 'Check this draft', { group });
    expect(browser.page.status).toBe(429);
    const { fields } = browser.form('/rules');
    hurried.clock.advance(60_000);
    fields.set('press', 'publish');
    fields.set('losing', '1');
    expect((await browser.post(rulesAt('acme'), fields, { Origin: hurried.issuer })).status).toBe(409);
    expect(said(browser)).toContain('The draft was changed after it was checked');
  });
});
