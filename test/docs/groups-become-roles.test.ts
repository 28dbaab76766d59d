/** The guide from groups to roles: its files are written, its commands run, and what it shows is what they print. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DatabaseSync } from '@photostructure/sqlite';
import { parse, stringify } from 'yaml';
import { ConnectionId, TenantId, UserId } from '../../src/domain/ids.ts';
import { identityKey } from '../../src/domain/identity.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import { grants, identities, users } from '../../src/stores/collections.ts';
import { openStore } from '../../src/stores/open-store.ts';
import { freePorts } from '../support/free-ports.ts';
import { makeGrant } from '../support/grant.ts';
import { openHostileIdp } from '../support/hostile-idp.ts';
import type { HostileIdp } from '../support/hostile-idp.ts';
import { removeTemporaryFolders, runProduct, startProduct, temporaryFolder } from '../support/product-process.ts';
import { appears, shownIn } from './shown.ts';
import { blocksOf, read } from './support.ts';

const guide = 'docs/guides/groups-become-roles.md';
const folder = temporaryFolder();
const store = `sqlite:${join(folder, 'store.db')}`;
const file = join(folder, 'drawbridge.yaml');

/** Who has signed in by the time the plan is made, and in which groups Okta said they are. */
const people: readonly (readonly [string, readonly string[]])[] = [
  ['Ines', ['it-admins']],
  ['Tomas', ['support', 'support-emea']],
  ['Wei', ['support', 'support-leads']],
  ['Noor', ['support', 'support-emea', 'contractors']],
  ['Sam', ['support']],
  ['Mira', ['finance']],
];

async function signedIn(issuer: string): Promise<void> {
  const open = await openStore(store, { clock: systemClock, log: () => undefined });
  const okta = ConnectionId.parse('okta');
  for (const [index, [name, groups]] of people.entries()) {
    const [userId, login] = [UserId.parse(`u_${name.toLowerCase()}`), name.toLowerCase()];
    const who = { connectionId: okta, issuer, subject: `00u${login}` };
    await open.insert(users, { id: userId, name, email: `${login}@acme.example`, status: 'active', createdAt: 1, seenAt: 1 });
    const known = { groups: [...groups], claims: {} };
    await open.insert(identities, { id: identityKey(who), ...who, userId, createdAt: index, known, knownAt: 1 });
  }
  const given = { stage: 'live' as const, userId: UserId.parse('u_sam'), connectionId: okta, tenantId: TenantId.parse('support') };
  await open.insert(grants, makeGrant({ ...given, resource: `${origin}/tickets`, expiresAt: Date.now() + 1e9 }));
  await open.close();
}

/** One command, what it printed, and what the guide shows of it. */
interface Step {
  readonly command: string;
  readonly code: number | null;
  readonly printed: string;
  readonly shown: readonly string[];
}

/** `DRAWBRIDGE_STORE=… npm start -- lab --note "two words"` as the product gets it. */
function launchOf(command: string) {
  const [, assigned, rest = ''] = /^(?:DRAWBRIDGE_STORE=(\S+) )?npm start -- (.*)$/.exec(command) ?? [];
  const args = [...rest.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  return { args, folder, env: assigned === undefined ? {} : { DRAWBRIDGE_STORE: copyOfStore() } };
}

/** As the guide has it made: by another connection, while nothing else holds it. */
function copyOfStore(): string {
  const copy = join(folder, 'copy.db');
  const db = new DatabaseSync(join(folder, 'store.db'));
  db.exec(`VACUUM INTO '${copy}'`);
  db.close();
  return `sqlite:${copy}`;
}

/** Who ran it and when is nobody's business. */
const timeless = (text: string) =>
  text.replace(/( by \S+)? at \d{4}-\d\d-\d\dT[\d:.]+Z/g, (_, by) => (by === undefined ? ' at T' : ' by B at T'));

let idp: HostileIdp;
const steps: Step[] = [];

/** What the guide says, about this machine, and back. */
const hosts = () => [['https://acme.okta.com', idp.issuer] as const, ['https://mcp.example.com', origin] as const];
let origin: string;
const toHere = (text: string) => hosts().reduce((told, [there, here]) => told.replaceAll(there, here), text);
const toGuide = (text: string) => hosts().reduce((told, [there, here]) => told.replaceAll(here, there), text);

/** The example with the keys of the guide in place of its own. */
function write(keys: string): void {
  const before = parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  writeFileSync(file, stringify({ ...before, ...(parse(toHere(keys)) as Record<string, unknown>) }));
}

async function run(command: string): Promise<{ readonly code: number | null; readonly text: string }> {
  const launch = launchOf(command);
  if (launch.args[0] !== '--config') {
    const { code, stdout, stderr } = await runProduct(launch);
    return { code, text: toGuide(stdout + stderr) };
  }
  const product = await startProduct(launch);
  const { code } = await product.stop();
  await signedIn(idp.issuer);
  return { code, text: toGuide(product.stdout()) };
}

beforeAll(async () => {
  idp = await openHostileIdp();
  const port = await freePorts(1);
  origin = `http://localhost:${port}`;
  mkdirSync(join(folder, 'secrets'));
  writeFileSync(join(folder, 'secrets/drawbridge.key'), Buffer.from('a key for trying documents only.').toString('base64url'));
  writeFileSync(join(folder, 'secrets/okta.secret'), String(idp.client_secret));
  const example = parse(toHere(read('docs/example/drawbridge.yaml'))) as Record<string, unknown>;
  writeFileSync(file, stringify({ ...example, store, listen: { host: '127.0.0.1', port } }));
  const [, claims = ''] = /with `(\{.*?\})` saved as `claims.json`/.exec(read(guide)) ?? [];
  writeFileSync(join(folder, 'claims.json'), claims);
  for (const block of blocksOf(read(guide))) {
    if (block.language === 'yaml') write(block.text);
    for (const { command, shown } of shownIn(block)) {
      const { code, text } = await run(command);
      steps.push({ command, code, printed: text, shown });
    }
  }
}, 120_000);
afterAll(async () => {
  await idp.close();
  await removeTemporaryFolders();
});

describe('the guide from groups to roles', () => {
  it('shows what its commands print, line by line', () => {
    const showing = steps.filter(({ shown }) => shown.length > 0);
    expect(showing).toHaveLength(8);
    for (const { command, printed, shown } of showing) {
      const lines = timeless(printed).split('\n');
      const isThere = appears(timeless(shown.join('\n')).split('\n'), lines);
      expect({ command, isThere, lines }).toEqual({ command, isThere: true, lines });
    }
  });

  it('has commands that end well, but for the one that is refused', () => {
    const words = steps.map(({ command, code }) => `${/ -- (\S+)/.exec(command)?.[1] ?? ''} ${code}`);
    expect(words).toEqual([
      'connections 0',
      '--config 0',
      'lab 0',
      'lab 0',
      'plan 0',
      'apply 0',
      'drift 0',
      'rollback 0',
      'history 0',
      'apply 1',
    ]);
    expect(steps[0]?.printed).toContain('Nothing speaks against it: ');
  });

  it('says of what is in force in the end that it is the rules of the beginning, and not those of the file', async () => {
    expect(await run('npm start -- drift --config drawbridge.yaml')).toMatchObject({ code: 1 });
    const { text } = await run('npm start -- lab --config drawbridge.yaml --user u_noor --in-force');
    expect(text).toContain('agent: rule 2: group support gives agent');
    expect((await run('npm start -- history --config drawbridge.yaml')).text.trim().split('\n')).toHaveLength(3);
  });

  it('and that without a list of groups nobody gets anything', async () => {
    const { text } = await run('npm start -- lab --config drawbridge.yaml --connection okta');
    expect(text).toContain('groups unknown\n\nsupport (Customer support): no access');
  });

  it('is short', () => {
    expect(read(guide).split('\n').length).toBeLessThan(131);
  });
});
