import { z } from 'zod';
import { lossesFirst } from '../../domain/access-difference.ts';
import type { AccessDifference } from '../../domain/access-difference.ts';
import { AdministrationRefused, isPlatform } from '../../domain/administration.ts';
import { RoleId } from '../../domain/ids.ts';
import type { TenantId } from '../../domain/ids.ts';
import type { PolicyPreview } from '../../flows/steps/preview-policy.ts';
import type { AdminRequest, AdminRoute } from './contract.ts';
import { adminRoute, nothing, taking } from './contract.ts';
import type { AdminParts } from './dependencies.ts';
import { ProblemRefused } from './problems.ts';
import { Moment, tenantInPath } from './shapes.ts';
import { administrationOf } from './tenants.ts';

const RulesView = z.object({
  revision: z.int().describe('The revision of the policy they are of; the `ETag`.'),
  at: Moment.describe('When that came into force.'),
  source: z.enum(['start', 'apply', 'administrator', 'rollback']).describe('What made it.'),
  by: z.string().nullable(),
  note: z.string(),
  rules: z.array(z.record(z.string(), z.unknown())).describe('In their order, as the configuration writes them.'),
  defaultRole: z.string().nullable().describe('The role of everybody who can sign in, has no other, and is denied none.'),
});

const change = z.enum(lossesFirst);

const PreviewView = z.object({
  counts: z.record(change, z.int()).describe('How many people change how; everybody is in one at most.'),
  losing: z.int().describe('How many would lose something.'),
  cut: z.object({ grants: z.int(), isAll: z.boolean() }).describe('Apps that would be cut off, and whether these are all.'),
  leavesWithoutAdministrator: z.boolean(),
  youLose: z.boolean().describe('Whether you would not administer here any more.'),
  examples: z
    .array(
      z.object({
        change,
        userId: z.string(),
        name: z.string().nullable(),
        email: z.string().nullable(),
        roles: z.object({ gained: z.array(z.string()), lost: z.array(z.string()) }),
        tools: z.object({ gained: z.array(z.string()), lost: z.array(z.string()) }),
        onOthers: z
          .object({ gained: z.array(z.string()), lost: z.array(z.string()) })
          .describe('Tools they keep, and can use on what is others’ from then on, or no longer.'),
      }),
    )
    .describe('The first few of each. Who does not belong to the tenant yet is only counted, except for whoever looks after all tenants.'),
});

const named = (offers: AccessDifference['tools']['gained']) => offers.map(({ resource, name }) => `${resource}/${name}`);

function viewOf(preview: PolicyPreview, isForPlatform: boolean): z.infer<typeof PreviewView> {
  const { counts, losing, cut, leavesWithoutAdministrator, youLose, examples, shown } = preview;
  const told = examples.flatMap(({ change: what, people }) =>
    people.flatMap(({ userId, tenants }) =>
      tenants
        .filter(({ difference }) => isForPlatform || !difference.gainsAccess)
        .map(({ difference: { roles, tools, onOthers } }) => ({
          change: what as (typeof lossesFirst)[number],
          userId,
          ...(shown.get(userId) ?? { name: null, email: null }),
          roles: { gained: [...roles.gained], lost: [...roles.lost] },
          tools: { gained: named(tools.gained), lost: named(tools.lost) },
          onOthers: { gained: named(onOthers.gained), lost: named(onOthers.lost) },
        })),
    ),
  );
  return {
    counts: Object.fromEntries(lossesFirst.map((name) => [name, counts[name]])) as Record<(typeof lossesFirst)[number], number>,
    losing,
    cut,
    leavesWithoutAdministrator: leavesWithoutAdministrator.length > 0,
    youLose: youLose.length > 0,
    examples: told,
  };
}

const rulesPath = '/admin/api/tenants/{tenant}/rules';

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
    input: taking(
      tenantInPath,
      {},
      z.strictObject({
        ...wanted,
        note: z.string().max(500).default('').describe('Why, for the history.'),
        losing: z
          .int()
          .min(0)
          .nullable()
          .default(null)
          .describe('How many people who lose something you agree to; another number, and nothing is changed.'),
        mayLockOut: z
          .boolean()
          .default(false)
          .describe('Whether the tenant may be left without an administrator. Only for whoever looks after all tenants.'),
      }),
    ),
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

const faults = { 'changed-meanwhile': 'stale', 'locks-out': 'last-administrator', 'not-agreed': 'not-agreed' } as const;

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
  /** Whose revision it is, and why, may be another tenant's affair. */
  const view = async (tenantId: TenantId, { standing }: AdminRequest): Promise<z.output<typeof RulesView>> => {
    const { revision, rules, defaultRole } = await flows.readRules(tenantId);
    const { number, at, source } = revision;
    const { by, note } = isPlatform(standing, administrationOf(directory)) ? revision : { by: null, note: '' };
    return { revision: number, at, source, by, note, rules: rules as Record<string, unknown>[], defaultRole };
  };
  return [
    adminRoute(read)(async ({ path }, request) => view(path.tenant, request)),
    adminRoute(changed)(async ({ path, body }, request) => {
      if (request.ifMatch === null) throw new ProblemRefused(428, 'Say with If-Match which revision you looked at.');
      const { note, losing, mayLockOut } = body;
      const done = await flows.changeRules(changeOf(path.tenant, request, body), {
        after: request.ifMatch,
        note,
        losing,
        mayLockOut,
        askAgain: request.askAgain,
      });
      if ('problems' in done) throw refused(done.problems);
      if (done.outcome !== 'published') throw new AdministrationRefused(faults[done.outcome]);
      return view(path.tenant, request);
    }),
    adminRoute(tried)(async ({ path, body }, request) => {
      const proposed = await flows.proposeRules(changeOf(path.tenant, request, body));
      if ('problems' in proposed) throw refused(proposed.problems);
      return { ...viewOf(proposed.preview, isPlatform(request.standing, administrationOf(directory))), revision: proposed.revision.number };
    }),
  ];
}
