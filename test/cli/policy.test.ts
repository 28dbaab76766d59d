/** A reviewed change, from the plan to the way back, by the product's own commands. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/load.ts';
import { policyOf } from '../../src/config/policy.ts';
import { ConnectionId, TenantId, UserId } from '../../src/domain/ids.ts';
import { identityKey } from '../../src/domain/identity.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import { auditEvents, grants, identities, users } from '../../src/stores/collections.ts';
import { openGroupNames } from '../../src/stores/group-names.ts';
import { openPolicies } from '../../src/stores/policies.ts';
import { openStore } from '../../src/stores/open-store.ts';
import { makeGrant } from '../support/grant.ts';
import { removeTemporaryFolders, runProduct } from '../support/product-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'policy-'));
const store = `sqlite:${join(folder, 'store.db')}`;
const file = join(folder, 'drawbridge.yaml');
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await removeTemporaryFolders();
});

const rule = (group: string, role: string) => `      - { group: ${group}, role: ${role} }`;
const published = [rule('okta-it', 'admin'), rule('okta-eng', 'editor')];

function write(rules: readonly string[], more = ''): void {
  writeFileSync(
    file,
    `issuer: http://localhost:4000
store: ${store}
organisation: { name: Acme }
connections:
  - { id: okta, type: oidc, name: Okta, issuer: 'https://acme.okta.example', client_id: c, client_secret: s }
tenants:
  - id: acme
    name: Acme
    rules:
${rules.join('\n')}
roles:
  - { id: viewer, name: Viewer, permissions: [notes:read] }
  - { id: editor, name: Editor, permissions: [notes:read, notes:write] }
  - { id: admin, name: Administrator, permissions: [notes:read, notes:write, notes:delete, drawbridge:read, drawbridge:rules] }
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
${more}`,
  );
}

const engine = () => openStore(store, { clock: systemClock, log: () => undefined });
async function withStore<T>(use: (open: Awaited<ReturnType<typeof engine>>) => Promise<T>): Promise<T> {
  const open = await engine();
  return use(open).finally(() => open.close());
}

const run = (...args: string[]) => runProduct({ args: [...args, '--config', file] });
const json = async (...args: string[]) => JSON.parse((await run(...args, '--json')).stdout) as Record<string, unknown>;

const okta = ConnectionId.parse('okta');
const people: [string, string[]][] = [
  ['Ines', ['okta-it']],
  ['Tomas', ['okta-eng']],
  ['Wei', ['okta-eng', 'okta-leads']],
  ['Noor', ['okta-sales']],
];

beforeAll(async () => {
  write(published);
  await withStore(async (open) => {
    const config = loadConfig({ file, env: {}, readFile: (path) => readFileSync(path, 'utf8') });
    const first = { number: 1, at: 1, source: 'start' as const, by: null, note: 'as the configuration file said at a start' };
    await openPolicies(open).add(first, policyOf(config));
    for (const [index, [name, groups]] of people.entries()) {
      const userId = UserId.parse(`u_${name.toLowerCase()}`);
      const who = { connectionId: okta, issuer: 'https://acme.okta.example', subject: name };
      await open.insert(users, {
        id: userId,
        name,
        email: `${name.toLowerCase()}@acme.example`,
        status: 'active',
        createdAt: 1,
        seenAt: 1,
      });
      await open.insert(identities, { id: identityKey(who), ...who, userId, createdAt: index, known: { groups, claims: {} }, knownAt: 1 });
    }
    const given = { stage: 'live' as const, userId: UserId.parse('u_tomas'), connectionId: okta, tenantId: TenantId.parse('acme') };
    await open.insert(grants, makeGrant({ ...given, expiresAt: Date.now() + 1e9 }));
  });
});

const revisions = () => withStore((open) => openPolicies(open).history({ limit: 10 }));

describe('plan', () => {
  it('tells that nothing would change, and drift that nothing has', async () => {
    expect(await run('plan')).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing would change.') });
    expect(await run('drift')).toMatchObject({ code: 0 });
  });

  it('speaks of people and tools: who loses what, who becomes what, and which apps are cut off', async () => {
    write([rule('okta-it', 'admin'), rule('okta-leads', 'admin'), rule('okta-sales', 'viewer')]);
    const { code, stdout } = await run('plan');
    expect(code).toBe(0);
    for (const line of [
      'tenant acme',
      '  + rule: people in the group okta-leads get admin',
      '  − rule: people in the group okta-eng get editor',
      'People: +1 becomes an administrator, −1 loses access, +1 gains access, 1 stays as they are (4 looked at',
      '    Tomas tomas@acme.example u_tomas',
      '      acme: −editor −notes/list_notes −notes/add_note',
      '      acme: +admin −editor +notes/delete_note on what is others’',
      '1 app is cut off.',
      '1 person loses something.',
    ])
      expect(stdout).toContain(line);
    await withStore(async (open) => {
      const names = openGroupNames(open, systemClock);
      names.note(okta, new Map([['okta-leads', 'Team leads\u001b[31m']]));
      await names.settled();
    });
    const named = (await run('plan')).stdout;
    expect(named).toContain('  + rule: people in the group Team leads [31m (okta-leads) get admin');
    expect(named).toContain('  − rule: people in the group okta-eng get editor');
    const asked = ['lab', '--connection', 'okta', '--groups', 'okta-leads', '--rules', '--in-force'];
    expect((await run(...asked)).stdout).toContain('"somebody" through okta, groups Team leads [31m (okta-leads)');
    expect(await run('drift')).toMatchObject({ code: 1 });
    expect(await json('plan')).toMatchObject({
      revision: 1,
      losing: 1,
      people: 4,
      cut: { grants: 1, isAll: true },
      leavesWithoutAdministrator: [],
    });
  });
});

describe('apply', () => {
  it('does nothing without an agreement to the number of people who lose something, or with another number', async () => {
    expect(await run('apply')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('1 person loses something. Say --losing 1 if that is meant.'),
    });
    expect(await run('apply', '--losing', '2')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('not the number that was agreed to'),
    });
    expect(await revisions()).toHaveLength(1);
  });

  it('puts the file in force with who and why, on record', async () => {
    expect(await run('apply', '--losing', '1', '--note', 'leads decide')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Revision 2 is in force.'),
    });
    expect((await revisions())[0]).toMatchObject({ number: 2, source: 'apply', note: 'leads decide', by: expect.any(String) });
    const events = await withStore((open) => open.page(auditEvents, { limit: 100 }));
    expect(events.map((row) => row['event'])).toContainEqual(expect.objectContaining({ event: 'policy.changed', revision: 2 }));
    expect(await run('drift')).toMatchObject({ code: 0 });
    expect(await json('apply')).toMatchObject({ outcome: 'in-force-already' });
    expect(await revisions()).toHaveLength(2);
  });

  it('refuses what would leave a tenant without an administrator, unless told so [W73]', async () => {
    write([rule('okta-eng', 'editor')]);
    const refused = await run('apply', '--losing', '3');
    expect(refused).toMatchObject({ code: 1, stdout: expect.stringContaining('would leave acme without an administrator') });
    expect(await revisions()).toHaveLength(2);
    expect(await run('apply', '--losing', '3', '--without-administrator')).toMatchObject({ code: 0 });
  });

  it('names every wrong key of a file and changes nothing', async () => {
    write([rule('okta-eng', 'nobody')]);
    expect(await run('apply')).toMatchObject({ code: 1, stderr: expect.stringContaining('tenants[0].rules[0].role') });
    expect(await revisions()).toHaveLength(3);
  });
});

describe('rollback and history', () => {
  it('go back to what an earlier revision said, as a new one', async () => {
    write(published);
    expect(await json('rollback', '1')).toMatchObject({ outcome: 'published', revision: 4, losing: 0 });
    expect(await run('drift')).toMatchObject({ code: 0 });
    const { stdout } = await run('history');
    expect(stdout.split('\n').map((line) => line.slice(0, 11).trim())).toEqual(
      expect.arrayContaining([expect.stringMatching(/^4 \(rollback/), expect.stringMatching(/^1 \(start/)]),
    );
    expect(stdout).toContain('back to revision 1');
    expect(await run('rollback', '9')).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no revision 9.') });
  });

  it('name what does not fit the file any more, and change nothing', async () => {
    const latest = (await revisions())[0]?.number ?? 0;
    await withStore(async (open) => {
      const policies = openPolicies(open);
      const row = await policies.latest();
      const document = (await policies.document(row?.digest ?? '')) as { tenants: object[] };
      const gone = document.tenants.map((tenant) => ({ ...tenant, rules: [{ connection: 'gone', group: 'x', role: 'viewer' }] }));
      for (const [index, tenants] of [gone, document.tenants].entries()) {
        const about = { at: 1, source: 'apply' as const, by: 'ana', note: '' };
        await policies.add({ number: latest + 1 + index, ...about }, { ...document, tenants });
      }
    });
    const refused = await run('rollback', String(latest + 1));
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('tenants[0].rules[0].connection') });
    expect((await revisions())[0]?.number).toBe(latest + 2);
  });
});
