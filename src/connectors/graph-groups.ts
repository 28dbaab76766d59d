import { z } from 'zod';
import type { GroupPage, ToldGroup } from './group-pages.ts';
import { LookupFailed } from './group-pages.ts';

/** Groups, directory roles and administrative units, told apart by their type; what may not be read is null. */
const Page = z.object({
  value: z.array(
    z.object({
      '@odata.type': z.string(),
      id: z.string().min(1).max(256),
      displayName: z.string().nullish(),
      securityEnabled: z.boolean().nullish(),
    }),
  ),
  '@odata.nextLink': z.string().optional(),
});

/** Everything the person is in, directly or through another group. Without `$count` it is asked of the directory itself and not of an index that lags behind. */
export function graphQuestion(api: string): URL {
  const url = new URL('/v1.0/me/transitiveMemberOf', api);
  url.search = new URLSearchParams({ $select: 'id,displayName,securityEnabled', $top: '999' }).toString();
  return url;
}

export function readGraphPage(body: unknown): GroupPage {
  const { success, data } = Page.safeParse(body);
  if (!success) throw new LookupFailed('an answer that is no list of groups');
  const next = data['@odata.nextLink'];
  if (next !== undefined && !URL.canParse(next)) throw new LookupFailed('the next page has no address');
  const groups = data.value.filter((entry) => entry['@odata.type'] === '#microsoft.graph.group');
  return { groups: groups.flatMap(asTold), next: next === undefined ? null : new URL(next) };
}

/** As the claim has them: security groups. */
function asTold({ id, displayName, securityEnabled }: z.infer<typeof Page>['value'][number]): ToldGroup[] {
  if (typeof securityEnabled !== 'boolean')
    throw new LookupFailed('what kind a group is was kept back: GroupMember.Read.All is not consented to');
  return securityEnabled ? [{ id, name: displayName ?? null }] : [];
}
