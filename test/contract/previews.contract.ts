import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TenantId, UserId } from '../../src/domain/ids.ts';
import { changeRules, proposeRules } from '../../src/flows/change-rules.ts';
import { policyNow } from '../../src/flows/steps/policy-now.ts';
import { previewPolicy } from '../../src/flows/steps/preview-policy.ts';
import { publishPolicy } from '../../src/flows/steps/publish-policy.ts';
import { previewRules } from '../../src/flows/steps/rules-preview.ts';
import type { Revision } from '../../src/domain/policy.ts';
import type { DocumentEngine } from '../../src/ports/document-engine.ts';
import { collections } from '../../src/stores/collections.ts';
import { standing as nobody } from '../support/feed-world.ts';
import { makeResource } from '../support/gateway-world.ts';
import { contents, documentOf, someRules, twoPolicies, written } from '../support/installations.ts';
import type { WrittenPolicy } from '../support/installations.ts';
import { openInstallation, rowsOf } from '../support/opened-installation.ts';
import type { OpenedInstallation } from '../support/opened-installation.ts';
import { denying } from '../support/rule-worlds.ts';
import { toldBy, trueOf, trueOnPages } from '../support/told-and-true.ts';
import type { OpenEngine } from './engine.contract.ts';

const you = UserId.parse('u_1');

async function publish(
  place: OpenedInstallation,
  document: unknown,
  source: Revision['source'],
  preview: Awaited<ReturnType<typeof planned>>,
) {
  const after = (await place.policies.latest())?.number ?? 0;
  const agreed = { preview, agreedLosing: preview.losing, mayLockOut: true };
  const done = await publishPolicy(place)({ document, source, by: 'ana', note: '', after, ...agreed });
  expect(done).toEqual({ outcome: 'published', revision: after + 1 });
  place.pass();
}

async function planned(place: OpenedInstallation, document: unknown) {
  const latest = await place.policies.latest();
  const before = place.meaning(await place.policies.document(latest?.digest ?? ''));
  return previewPolicy(place)(before, place.meaning(document), { you });
}

const asking = { tenant: { id: TenantId.parse('globex'), name: 'globex' }, permissions: ['drawbridge:platform'], identityId: 'elsewhere' };
/** Somebody who looks after all tenants, and is none of those there are. */
const byPlatform = {
  standing: { ...nobody, tenant: asking.tenant, permissions: asking.permissions, user: { ...nobody.user, id: you } },
  administration: { resource: makeResource('http://localhost/a', 'http://localhost/b'), platformTenant: asking.tenant.id, rulesHere: true },
};

/** What the administrators’ pages say of the same change. */
async function shownOnPages(place: OpenedInstallation, document: unknown) {
  const [before, after] = [(await policyNow(place)).directory, place.meaning(document)];
  const { counts, losing, lockedOut } = await previewRules(place)({ tenantId: TenantId.parse('acme'), before, after, you: asking });
  // Of those who stay as they are nobody asks whether they are disabled.
  const { stays: _stays, ...moved } = counts;
  return { counts: moved, losing, lockedOut };
}

/** Collections in which something is new, with the tenant it is about; what was there is as it was. */
async function news(engine: DocumentEngine, before: ReadonlyMap<string, string>): Promise<string[]> {
  const now = await rowsOf(engine);
  for (const [key, row] of before) expect(now.get(key)).toBe(row);
  const added = [...now].filter(([key]) => !before.has(key));
  return added.map(([key, row]) => [key.split(' ')[0], (JSON.parse(row) as { tenantId?: string }).tenantId ?? []].flat().join(' ')).sort();
}

/** What is said of everybody beforehand is what becomes of them. `store` names the store as the configuration does, `runs` how often it is tried. */
export function previewsContract(name: string, open: OpenEngine, store: string, runs: number): void {
  describe(`${name}: a preview of another policy, over whole installations at random`, () => {
    let engine: DocumentEngine;
    beforeAll(async () => {
      engine = await open(collections);
    });
    afterAll(() => engine.close());

    it('changes nothing, tells of everybody what they can do once it is published, and a rollback brings back what they had [W71] [W97]', async () => {
      await fc.assert(
        fc.asyncProperty(twoPolicies, contents, async ([before, after], held) => {
          const place = await openInstallation(engine, before, held, store);
          try {
            const [had, worked, rows] = [await place.reality(), await place.working(), await rowsOf(engine)];
            const preview = await planned(place, documentOf(after));
            expect(await rowsOf(engine)).toEqual(rows);
            await publish(place, documentOf(after), 'apply', preview);
            const [has, works] = [await place.reality(), await place.working()];
            expect(toldBy(preview)).toEqual(trueOf(held, had, has, after, you));
            expect(preview.cut).toEqual({ grants: worked.filter((id) => !works.includes(id)).length, isAll: true });
            await publish(place, documentOf(before), 'rollback', await planned(place, documentOf(before)));
            expect([await place.reality(), await place.working()]).toEqual([had, worked]);
          } finally {
            place.close();
          }
        }),
        { numRuns: runs },
      );
    }, 120_000);
    it('of one tenant’s rules is what changing them does, there and nowhere else, however it is asked [W72] [W97]', async () => {
      await fc.assert(
        fc.asyncProperty(twoPolicies, someRules, contents, async ([before], rules, held) => {
          const place = await openInstallation(engine, before, held, store);
          try {
            const isSuspended = before.tenants[0]?.suspended === true;
            const [had, worked, rows] = [await place.reality(), await place.working(), await rowsOf(engine)];
            const after = { ...before, tenants: before.tenants.map((each) => (each.id === 'acme' ? { ...each, rules } : each)) };
            const change = { tenantId: TenantId.parse('acme'), rules, defaultRole: before.tenants[0]?.defaultRole ?? null, ...byPlatform };
            const proposal = await proposeRules(place.ruling)(change);
            if ('problems' in proposal) throw new Error(JSON.stringify(proposal.problems));
            const shown = await shownOnPages(place, documentOf(after));
            expect(await rowsOf(engine)).toEqual(rows);
            const { revision, preview } = proposal;
            const agreed = {
              after: revision.number,
              note: '',
              losing: preview.losing,
              mayLockOut: true,
              askAgain: async () => Promise.resolve(),
            };
            expect(await changeRules(place.ruling)(change, agreed)).toMatchObject({ outcome: 'published' });
            place.pass();
            const [has, works] = [await place.reality(), await place.working()];
            expect(toldBy(preview)).toEqual(trueOf(held, had, has, after, you));
            expect(preview.cut).toEqual({ grants: worked.filter((id) => !works.includes(id)).length, isAll: true });
            // Of a suspended tenant the pages tell what its rules would be once people work there again.
            if (!isSuspended) expect(shown).toEqual(trueOnPages(held, had, has));
            expect(has.map(([, there]) => there)).toEqual(had.map(([, there]) => there));
            // Rules that are no others are the same document.
            expect((await news(engine, rows)).filter((each) => each !== 'policy_documents')).toEqual([
              'audit_events acme',
              'policy_revisions',
            ]);
          } finally {
            place.close();
          }
        }),
        { numRuns: runs },
      );
    }, 120_000);

    it('by other rules in another order is nothing, and one that denies gives nobody anything [W71]', async () => {
      const denial = denying.map(written);
      await fc.assert(
        fc.asyncProperty(twoPolicies, contents, denial, fc.func(fc.nat()), async ([before], held, denies, place) => {
          const opened = await openInstallation(engine, before, held, store);
          try {
            const had = await opened.reality();
            const shuffled = (rules: readonly object[]) => rules.toSorted((a, b) => place(a) - place(b));
            const after = (change: (rules: readonly object[]) => readonly object[]) =>
              ({ ...before, tenants: before.tenants.map((each) => ({ ...each, rules: change(each.rules) })) }) as WrittenPolicy;
            const inOrder = await planned(opened, documentOf(after(shuffled)));
            expect([inOrder.counts.stays, inOrder.losing]).toEqual([inOrder.people, 0]);
            await publish(opened, documentOf(after(shuffled)), 'apply', inOrder);
            expect(await opened.reality()).toEqual(had);
            const less = await planned(opened, documentOf(after((rules) => [...rules, denies])));
            expect([less.counts.gainsAccess, less.counts.becomesAdministrator]).toEqual([0, 0]);
            await publish(opened, documentOf(after((rules) => [...rules, denies])), 'apply', less);
            const has = (await opened.reality()).flat();
            had.flat().forEach((one, at) => expect(one.roles).toEqual(expect.arrayContaining([...(has[at]?.roles ?? [])])));
            had.flat().forEach((one, at) => expect(one.tools).toEqual(expect.arrayContaining([...(has[at]?.tools ?? [])])));
          } finally {
            opened.close();
          }
        }),
        { numRuns: runs },
      );
    }, 120_000);
  });
}
