import { z } from 'zod';
import { AdministrationRefused } from '../../domain/administration.ts';
import { agreedTo, agreeing, changeFaults } from './agreed.ts';
import type { AdminRoute } from './contract.ts';
import { adminRoute, nothing, taking } from './contract.ts';
import type { AdminParts } from './dependencies.ts';
import { PreviewView, previewView } from './preview.ts';
import { notFound, ProblemRefused } from './problems.ts';
import { historyPlace, revisionInPath, RevisionView, revisionView } from './revisions.ts';
import { pageOf, paging } from './shapes.ts';

const things = z.array(z.record(z.string(), z.unknown()));

const PolicyView = z
  .object({ tenants: things, roles: things, resources: things })
  .describe('As a configuration writes it: who may do what. Connections and secrets are no part of it.');

const path = '/admin/api/policy/revisions';
const permission = 'drawbridge:platform';
const inForce = z.int().describe('The revision in force; the `ETag`, and the `If-Match` of whoever puts another one back.');

const listed = {
  method: 'get',
  path,
  summary: 'Every revision of who may do what, newest first',
  permission,
  input: taking({}, paging, nothing),
  output: pageOf(RevisionView).extend({ inForce }),
  version: 'inForce',
} as const;

const one = {
  method: 'get',
  path: `${path}/{revision}`,
  summary: 'One revision, and what it says',
  permission,
  input: taking(revisionInPath, {}, nothing),
  output: RevisionView.extend({ policy: PolicyView }),
} as const;

const tried = {
  method: 'post',
  path: `${path}/{revision}/preview`,
  summary: 'What putting a revision back would be to everybody; nothing is changed',
  permission,
  input: taking(revisionInPath, {}, nothing),
  output: PreviewView.extend({
    revision: z.int().describe('The revision in force, with which it was compared.'),
    withoutAdministrator: z.array(z.string()).describe('The tenants in which nobody would be left who can do more than look.'),
    differences: z
      .array(z.object({ of: z.string(), kind: z.enum(['new', 'gone', 'changed']), says: z.string() }))
      .describe('What it says otherwise, thing by thing.'),
  }),
  version: 'revision',
} as const;

const restored = {
  method: 'post',
  path: `${path}/{revision}/restore`,
  summary: 'Put a revision back: the next one says what it said, everywhere and at once. `If-Match` is required',
  permission,
  input: taking(revisionInPath, {}, z.strictObject(agreeing)),
  output: RevisionView.extend({ revision: inForce }),
  version: 'revision',
  wantsVersion: true,
} as const;

/** What a revision says need not fit what this process is configured with any more. */
const unreadable = (problems: readonly { readonly at: string; readonly problem: string }[]) =>
  new ProblemRefused(409, 'This revision does not fit what is configured now; each problem is named.', [], [...problems]);

export function policyRoutes({ flows }: AdminParts): AdminRoute[] {
  const find = async (number: number) => {
    const found = await flows.readRevision(number);
    if (found === null) throw notFound();
    return found;
  };
  return [
    adminRoute(listed)(async ({ query }) => {
      const place = historyPlace(query);
      const { revisions, next } = await flows.readHistory(place);
      const [newest] = place.before === null ? revisions : (await flows.readHistory({ before: null, most: 1 })).revisions;
      const items = revisions.map((revision) => revisionView(revision, true));
      return { items, next: next === null ? null : String(next), inForce: newest?.number ?? 0 };
    }),
    adminRoute(one)(async (input) => {
      const { revision, document } = await find(input.path.revision);
      return { ...revisionView(revision, true), policy: document as z.input<typeof PolicyView> };
    }),
    adminRoute(tried)(async (input, { standing }) => {
      const plan = await flows.proposeRestore({ to: input.path.revision, standing });
      if ('problems' in plan) throw unreadable(plan.problems);
      const { preview, inForce: compared, differences } = plan;
      const withoutAdministrator = [...preview.leavesWithoutAdministrator];
      return { ...previewView(preview, true), revision: compared.number, withoutAdministrator, differences: [...differences] };
    }),
    adminRoute(restored)(async (input, request) => {
      const agreed = agreedTo(input.body, request);
      const done = await flows.restorePolicy({ to: input.path.revision, standing: request.standing }, agreed);
      if ('problems' in done) throw unreadable(done.problems);
      if (done.outcome !== 'published' && done.outcome !== 'in-force-already') throw new AdministrationRefused(changeFaults[done.outcome]);
      const { revision } = await find(done.outcome === 'published' ? done.revision : agreed.after);
      return revisionView(revision, true);
    }),
  ];
}
