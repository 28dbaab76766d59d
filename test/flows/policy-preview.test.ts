/** What a plan tells of people of whom little is known, or who cannot come any more: one plain case for each. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { previewPolicy } from '../../src/flows/steps/preview-policy.ts';
import { hasOtherAdministrator } from '../../src/flows/steps/other-administrators.ts';
import type { DocumentEngine } from '../../src/ports/document-engine.ts';
import { collections } from '../../src/stores/collections.ts';
import { openSqliteEngine } from '../../src/stores/sqlite/engine.ts';
import { documentOf } from '../support/installations.ts';
import type { Contents, WrittenPolicy } from '../support/installations.ts';
import { openInstallation } from '../support/opened-installation.ts';
import { okta, google } from '../support/rule-worlds.ts';

const folder = mkdtempSync(join(tmpdir(), 'plans-'));
let engine: DocumentEngine;
beforeAll(async () => {
  engine = await openSqliteEngine({ path: join(folder, 'store.db'), collections });
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

const ops = { connection: okta, group: 'a', role: 'admin' } as const;
type Tenant = WrittenPolicy['tenants'][number];
const policy = (more: Partial<Tenant> = {}, admin = ['n:write', 'drawbridge:read', 'drawbridge:people']): WrittenPolicy => ({
  tenants: [{ id: 'acme', name: 'Acme', rules: [ops], members: [], defaultRole: undefined, suspended: false, ...more }],
  roles: [
    { id: 'admin', name: 'Admin', permissions: admin },
    { id: 'viewer', name: 'Viewer', permissions: ['n:read'] },
    { id: 'keeper', name: 'Keeper', permissions: ['n:read', 'n:write', 'n:delete', 'drawbridge:people'] },
  ],
  resources: [
    {
      id: 'notes',
      name: 'Notes',
      baseline: ['read'],
      scopes: [
        { name: 'read', title: 'Read', permissions: ['n:read'] },
        { name: 'write', title: 'Write', changes: true, permissions: ['n:write'] },
      ],
      tools: { list: { scopes: ['read'] }, remove: { scopes: ['write'], permissions: [] } },
    },
  ],
});

type Person = Contents['people'][number];
const person = (userId: Person['userId'], subject: Person['subject'], more: Partial<Person> = {}): Person => ({
  userId,
  connectionId: okta,
  subject,
  known: { groups: [], claims: {} },
  provisioned: null,
  ...more,
});
const byHand = (userId: Person['userId'], role: Contents['held'][number]['roles'][number]['role']): Contents['held'][number] => ({
  userId,
  tenantId: 'acme',
  roles: [{ role, connectionId: okta, source: 'assigned', expiresAt: undefined }],
});

async function within<Told>(
  before: WrittenPolicy,
  held: Partial<Contents>,
  ask: (place: Awaited<ReturnType<typeof openInstallation>>) => Promise<Told>,
) {
  const nobody = { people: [], disabled: null, isProvisioned: false, held: [], apps: [] };
  const place = await openInstallation(engine, before, { ...nobody, ...held }, 'sqlite:here');
  try {
    return await ask(place);
  } finally {
    place.close();
  }
}

const plan = (before: WrittenPolicy, after: WrittenPolicy, held: Partial<Contents>) =>
  within(before, held, (place) => previewPolicy(place)(place.meaning(documentOf(before)), place.meaning(documentOf(after))));

const ana = person('u_1', 'ana', { known: { groups: ['a'], claims: {} } });
const bob = person('u_2', 'bob', { known: null });

it('of whom nothing was said yet has what their row says, and loses it with the tenant, however the rules are [W97]', async () => {
  const held = { people: [bob], held: [byHand('u_2', 'viewer')] };
  const closed = await plan(policy(), policy({ suspended: true }), held);
  expect([closed.counts.losesAccess, closed.losing, closed.unheard]).toEqual([1, 1, 1]);
  const denied = await plan(policy(), policy({ rules: [ops, { group: '*', deny: '*' }] }), held);
  expect([denied.counts.stays, denied.losing, denied.unheard]).toEqual([1, 0, 1]);
});

it('an administrator of whom nothing was said yet is one who remains [W73]', async () => {
  const after = policy({ rules: [] });
  expect((await plan(policy(), after, { people: [ana] })).leavesWithoutAdministrator).toEqual(['acme']);
  const both = { people: [ana, bob], held: [byHand('u_2', 'admin')] };
  expect((await plan(policy(), after, both)).leavesWithoutAdministrator).toEqual([]);
});

it('who came by a connection that is no longer there has nothing to lose, and is no administrator who remains [W73]', async () => {
  const cleo = person('u_3', 'cleo', { connectionId: 'gone', known: { groups: ['a'], claims: {} } });
  const before = policy({
    rules: [ops, { group: 'a', role: 'viewer' }],
    members: [{ connection: google, subject: 'bob', role: 'viewer' }],
  });
  const lost = await plan(before, policy({ rules: [] }), { people: [ana, cleo] });
  expect([lost.people, lost.losing]).toEqual([1, 1]);
  const everywhere = policy({ defaultRole: 'keeper', rules: [ops] });
  const remains = (people: readonly Person[]) =>
    within(everywhere, { people: [...people] }, async (place) => {
      const tenant = place.directory.tenants[0];
      if (tenant === undefined) throw new Error('no tenant');
      return hasOtherAdministrator(place)(tenant, null);
    });
  expect([await remains([cleo]), await remains([cleo, ana])]).toEqual([false, true]);
});

it('an app that is kept out already, or let in to what is gone, is not cut off', async () => {
  const app: Contents['apps'][number] = {
    whose: 0,
    tenantId: 'acme',
    resource: 'notes',
    stage: 'live',
    isOver: false,
    client: 'app',
    namesIdentity: true,
  };
  const apps = [
    app,
    { ...app, client: 'withdrawn' as const },
    { ...app, resource: 'of-before' as const },
    { ...app, stage: 'ended' as const },
  ];
  expect((await plan(policy(), policy({ rules: [] }), { people: [ana], apps })).cut).toEqual({ grants: 1, isAll: true });
});

it('who still looks after people but can no longer put anything right loses something', async () => {
  const after = policy({}, ['n:write', 'drawbridge:read']);
  const looked = await plan(policy(), after, { people: [ana] });
  expect([looked.counts.changesOtherwise, looked.losing]).toEqual([1, 1]);
});
