import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/load.ts';
import { policyOf } from '../../src/config/policy.ts';
import { identityKey } from '../../src/domain/identity.ts';
import { ConnectionId, UserId } from '../../src/domain/ids.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import { noFeed } from '../../src/ports/authority-feed.ts';
import { openStore } from '../../src/stores/open-store.ts';
import { openPolicies } from '../../src/stores/policies.ts';
import { openProvisionedUsers } from '../../src/stores/provisioned-users.ts';
import { openUsers } from '../../src/stores/users.ts';
import { nothingProven } from '../support/assurance.ts';
import { removeTemporaryFolders, runProduct } from '../support/product-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'lab-'));
const file = join(folder, 'drawbridge.yaml');
const claims = join(folder, 'claims.json');
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await removeTemporaryFolders();
});

beforeAll(() => {
  writeFileSync(
    file,
    `issuer: http://localhost:4000
store: sqlite:${join(folder, 'none.db')}
organisation: { name: Acme }
connections:
  - { id: okta, type: oidc, name: Okta, issuer: 'https://acme.okta.example', client_id: c, client_secret: s, claims: { groups: /groups } }
tenants:
  - id: acme
    name: Acme
    rules:
      - { group: 'okta-eng*', role: editor }
      - { where: [{ claim: /department, is: [Finance] }], role: viewer }
      - { group: contractors, deny: editor }
  - { id: globex, name: Globex, rules: [{ group: sales, role: viewer }] }
roles:
  - { id: viewer, name: Viewer, permissions: [notes:read] }
  - { id: editor, name: Editor, permissions: [notes:read, notes:write] }
  - { id: lead, name: Lead, permissions: [notes:read, notes:write, notes:delete] }
resources:
  - id: notes
    identifier: http://localhost:4000/mcp
    upstream: http://localhost:4002/mcp
    name: Notes
    scopes:
      - { name: read, title: Look, permissions: [notes:read] }
      - { name: write, title: Change, changes: true, permissions: [notes:write] }
    tools:
      list_notes: { scopes: [read] }
      add_note: { scopes: [write] }
      delete_note: { scopes: [write], permissions: [notes:delete], ownPermissions: [notes:write] }
`,
  );
});

const run = (...args: string[]) => runProduct({ args: ['lab', '--config', file, ...args] });

describe('lab', () => {
  it('tells tenants, roles, scopes and tools of a pasted list of groups, with the rule behind each', async () => {
    const { code, stdout } = await run('--connection', 'okta', '--groups', 'okta-eng-leads, sales');
    expect(code).toBe(0);
    for (const line of [
      '  editor: rule 1: group okta-eng-leads gives editor',
      '  notes: scopes read write; tools list_notes add_note delete_note; only on what is theirs delete_note',
      '  viewer: rule 1: group sales gives viewer',
    ])
      expect(stdout).toContain(line);
  });

  it('reads the claims of a token with the settings of the connection, and says why each rule fits or not', async () => {
    writeFileSync(claims, JSON.stringify({ sub: 'ana', groups: ['okta-eng', 'contractors'], department: 'Finance' }));
    const { stdout } = await run('--connection', 'okta', '--claims', claims, '--rules');
    for (const line of [
      '"ana" through okta, groups okta-eng, contractors',
      '/department: Finance',
      '  viewer: rule 2: /department Finance gives viewer',
      '  not editor: rule 3: group contractors denies editor',
      '  rule 1 fits: group okta-eng (people in the group okta-eng* get editor)',
      'globex (Globex): no access',
    ])
      expect(stdout).toContain(line);
    const { stdout: text } = await run('--connection', 'okta', '--claims', claims, '--json');
    const { people } = JSON.parse(text) as { people: { tenants: { roles: { role: string }[] }[] }[] };
    expect(people[0]?.tenants.map(({ roles }) => roles.map(({ role }) => role))).toEqual([['viewer'], []]);
  });

  it('unknown is not none: without groups nothing is given by them, and what denies by them does', async () => {
    const { stdout } = await run('--connection', 'okta', '--rules');
    expect(stdout).toContain('groups unknown');
    expect(stdout).toContain('rule 1 cannot be told: the groups are not known');
    expect((await run('--connection', 'okta', '--groups', '')).stdout).toContain('groups none');
  });

  it.each<[string, string[], RegExp]>([
    ['nobody', [], /say who/],
    ['two people', ['--user', 'u_1', '--connection', 'okta'], /say who/],
    ['another connection', ['--connection', 'nope', '--groups', 'a'], /no connection "nope"/],
    ['a file that is none', ['--connection', 'okta', '--claims', join(folder, 'drawbridge.yaml')], /does not hold a JSON object/],
    ['a user where nobody has signed in', ['--user', 'u_1'], /no store/],
  ])('refuses %s with a sentence', async (_, args, words) => {
    const { code, stderr } = await run(...args);
    expect([code, stderr]).toEqual([1, expect.stringMatching(words)]);
    expect(stderr).not.toContain('    at ');
  });
});

describe('lab, where people are provisioned', () => {
  const store = `sqlite:${join(folder, 'people.db')}`;
  const provisioned = join(folder, 'provisioned.yaml');
  const issuer = 'https://acme.okta.example';
  const connectionId = ConnectionId.parse('okta');
  const userId = UserId.parse(`u_${'a'.repeat(22)}`);
  const lab = async (...args: string[]) => (await runProduct({ args: ['lab', '--config', provisioned, ...args] })).stdout;

  beforeAll(async () => {
    const text = readFileSync(file, 'utf8')
      .replace(/store: .*/, `store: ${store}`)
      .replace(`issuer: '${issuer}',`, `issuer: '${issuer}', provisioning: { scim: true },`);
    writeFileSync(provisioned, text);
    const config = loadConfig({ file: provisioned, env: {}, readFile: () => text });
    const engine = await openStore(store, { clock: systemClock, log: () => undefined });
    await openPolicies(engine).add({ number: 1, at: 1, source: 'start', by: 'a test', note: '' }, policyOf(config));
    const groups = [{ id: 'g', displayName: 'okta-eng-leads' }];
    const rest = { connectionId, attributes: {}, groups, version: 1, createdAt: 1, changedAt: 1 };
    for (const [id, active] of [
      ['ana', true],
      ['leaver', false],
    ] as const) {
      const identityId = identityKey({ connectionId, issuer, subject: id });
      await openProvisionedUsers(engine, noFeed).add({
        ...rest,
        id,
        userName: id,
        userNameKey: `okta:${id}`,
        externalId: id,
        identityId,
        active,
      });
    }
    const identity = {
      connectionId,
      issuer,
      subject: 'ana',
      email: null,
      name: 'Ana',
      groups: ['sales'],
      assurance: nothingProven,
      said: [],
    };
    await openUsers(engine, noFeed).settle(identity, { groups: ['sales'], claims: {} }, userId, 1);
    await engine.close();
  });

  it('says who would be refused, and counts the groups that were pushed', async () => {
    const known = ['--in-force', '--connection', 'okta', '--groups', 'sales', '--subject'];
    const ana = await lab(...known, 'ana');
    for (const line of [
      'groups sales, okta-eng-leads',
      'provisioning: active, in okta-eng-leads',
      '  editor: rule 1: group okta-eng-leads gives editor',
    ])
      expect(ana).toContain(line);
    for (const [subject, words] of [
      ['leaver', 'provisioning: not active: they would be refused'],
      ['nobody', 'provisioning: not provisioned: they would be refused'],
    ] as const) {
      const told = await lab(...known, subject);
      expect(told).toContain(words);
      expect(told).not.toMatch(/gives|acme/);
    }
    const user = await lab('--in-force', '--user', userId);
    for (const line of ['provisioning: active, in okta-eng-leads', '  editor: rule 1', '  viewer: rule 1: group sales gives viewer'])
      expect(user).toContain(line);
    const { people } = JSON.parse(await lab(...known, 'nobody', '--json')) as { people: { provisioned: string; tenants: unknown[] }[] };
    expect(people).toEqual([expect.objectContaining({ provisioned: 'nobody', tenants: [] })]);
  });

  it('tries the rules on somebody made up all the same, and says that this was not looked up', async () => {
    for (const args of [['--in-force'], []]) {
      const told = await lab(...args, '--connection', 'okta', '--groups', 'sales');
      expect(told).toContain('provisioning: not looked up');
      expect(told).toContain('  viewer: rule 1: group sales gives viewer');
    }
    expect((await run('--connection', 'okta', '--groups', 'sales')).stdout).not.toContain('provisioning');
  });
});
