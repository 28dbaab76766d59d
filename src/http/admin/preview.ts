import { z } from 'zod';
import { lossesFirst } from '../../domain/access-difference.ts';
import type { AccessDifference } from '../../domain/access-difference.ts';
import type { PolicyPreview } from '../../flows/steps/preview-policy.ts';

const change = z.enum(lossesFirst);

/** What a change is to everybody, for whoever may look at it. */
export const PreviewView = z.object({
  counts: z.record(change, z.int()).describe('How many people change how; everybody is in one at most.'),
  losing: z.int().describe('How many would lose something.'),
  cut: z.object({ grants: z.int(), isAll: z.boolean() }).describe('Apps that would be cut off, and whether these are all.'),
  leavesWithoutAdministrator: z.boolean().describe('Whether nobody would be left who can do more than look.'),
  youLose: z.boolean().describe('Whether you would not administer any more where you do.'),
  examples: z
    .array(
      z.object({
        change,
        tenant: z.string().describe('Where it is something to them.'),
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

export function previewView(preview: PolicyPreview, isForPlatform: boolean): z.infer<typeof PreviewView> {
  const { counts, losing, cut, leavesWithoutAdministrator, youLose, examples, shown } = preview;
  const told = examples.flatMap(({ change: what, people }) =>
    people.flatMap(({ userId, tenants }) =>
      tenants
        .filter(({ difference }) => isForPlatform || !difference.gainsAccess)
        .map(({ tenantId, difference: { roles, tools, onOthers } }) => ({
          change: what as (typeof lossesFirst)[number],
          tenant: tenantId,
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
