import { z } from 'zod';
import { AdministrationRefused, isPlatform } from '../../domain/administration.ts';
import { RoleId } from '../../domain/ids.ts';
import type { TenantId } from '../../domain/ids.ts';
import { agreedTo, agreeing, changeFaults } from './agreed.ts';
import type { AdminRequest, AdminRoute } from './contract.ts';
import { adminRoute, nothing, taking } from './contract.ts';
import type { AdminParts } from './dependencies.ts';
import { PreviewView, previewView } from './preview.ts';
import { ProblemRefused } from './problems.ts';
import { historyPlace, RevisionView, revisionView } from './revisions.ts';
import { pageOf, paging, tenantInPath } from './shapes.ts';
import { administrationOf } from './tenants.ts';

const RulesView = RevisionView.extend({
  revision: z.int().describe('The revision of the policy they are of; the `ETag`.'),
  rules: z.array(z.record(z.string(), z.unknown())).describe('In their order, as the configuration writes them.'),
  defaultRole: z.string().nullable().describe('The role of everybody who can sign in, has no other, and is denied none.'),
});

const rulesPath = '/admin/api/tenants/{tenant}/rules';

const history = {
  method: 'get',
  path: `${rulesPath}/history`,
  summary: 'The revisions in which the rules of the tenant are others than before, newest first',
  permission: 'drawbridge:read',
  input: taking(tenantInPath, paging, nothing),
  output: pageOf(RevisionView),
} as const;

const read = {
  method: 'get',
  path: rulesPath,
  summary: 'Which groups and claims give which role',
  permission: 'drawbridge:read',
  input: taking(tenantInPath, {}, nothing),
  output: RulesView,
  version: 'revision',
} as const;

/** The contracts that take rules, in the very shape the configuration has them. */
function contractsFor(rules: AdminParts['ruleSchema']) {
  const wanted = {
    rules: z.array(rules).max(500),
    defaultRole: RoleId.nullable().default(null).describe('The role of everybody who can sign in and has no other; null for none.'),
  };
  const changed = {
    method: 'put',
    path: rulesPath,
    summary: 'Put other rules in force, everywhere and at once. `If-Match` is required',
    permission: 'drawbridge:rules',
    input: taking(tenantInPath, {}, z.strictObject({ ...wanted, ...agreeing })),
    output: RulesView,
    version: 'revision',
    wantsVersion: true,
  } as const;
  const tried = {
    method: 'post',
    path: `${rulesPath}/preview`,
    summary: 'What other rules would be to everybody; nothing is changed',
    permission: 'drawbridge:rules',
    input: taking(tenantInPath, {}, z.strictObject(wanted)),
    output: PreviewView.extend({ revision: z.int().describe('What it was compared with.') }),
    version: 'revision',
  } as const;
  return { changed, tried };
}

const refused = (problems: readonly { at: string; problem: string }[]) =>
  new ProblemRefused(400, 'The rules are not as they must be; each problem is named.', [], [...problems]);

export function ruleRoutes(parts: AdminParts): AdminRoute[] {
  const { directory, flows, ruleSchema } = parts;
  const { changed, tried } = contractsFor(ruleSchema);
  const changeOf = (tenantId: TenantId, { standing }: AdminRequest, body: { rules: unknown[]; defaultRole: string | null }) => ({
    standing,
    administration: administrationOf(directory),
    tenantId,
    rules: body.rules,
    defaultRole: body.defaultRole,
  });
  const isForPlatform = ({ standing }: AdminRequest): boolean => isPlatform(standing, administrationOf(directory));
  const view = async (tenantId: TenantId, request: AdminRequest): Promise<z.output<typeof RulesView>> => {
    const { revision, rules, defaultRole } = await flows.readRules(tenantId);
    return { ...revisionView(revision, isForPlatform(request)), rules: rules as Record<string, unknown>[], defaultRole };
  };
  return [
    adminRoute(read)(async ({ path }, request) => view(path.tenant, request)),
    adminRoute(history)(async ({ path, query }, request) => {
      const { revisions, next } = await flows.rulesHistory(path.tenant, historyPlace(query));
      return { items: revisions.map((each) => revisionView(each, isForPlatform(request))), next: next === null ? null : String(next) };
    }),
    adminRoute(changed)(async ({ path, body }, request) => {
      const done = await flows.changeRules(changeOf(path.tenant, request, body), agreedTo(body, request));
      if ('problems' in done) throw refused(done.problems);
      if (done.outcome !== 'published') throw new AdministrationRefused(changeFaults[done.outcome]);
      return view(path.tenant, request);
    }),
    adminRoute(tried)(async ({ path, body }, request) => {
      const proposed = await flows.proposeRules(changeOf(path.tenant, request, body));
      if ('problems' in proposed) throw refused(proposed.problems);
      return { ...previewView(proposed.preview, isForPlatform(request)), revision: proposed.revision.number };
    }),
  ];
}
