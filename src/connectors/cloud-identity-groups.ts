import { z } from 'zod';
import type { Claims } from './claims.ts';
import { LookupFailed, type GroupPage } from './group-pages.ts';
import type { GroupLookup } from './kinds/group-lookup.ts';

/** Nobody in no group is an answer without a list. A key in a namespace is of a directory outside, where it need be no address. */
const Page = z.object({
  memberships: z
    .array(
      z.object({
        groupKey: z.object({ id: z.string().min(1).max(256), namespace: z.literal('').optional() }),
        displayName: z.string().optional(),
      }),
    )
    .default([]),
  nextPageToken: z.string().max(4096).default(''),
});

/** A text in the query language of the interface, in which a quote would end it. */
const quoted = (text: string): string => `'${text.replaceAll(/[\\']/g, (sign) => `\\${sign}`)}'`;

/** Every group the person is in, directly or through another. A private account is in no Workspace, whatever address it has. */
export function cloudIdentityQuestion(lookup: Extract<GroupLookup, { at: 'cloud-identity' }>, { hd, email, email_verified }: Claims): URL {
  if (typeof hd !== 'string' || hd === '') throw new LookupFailed('the account is of no Google Workspace');
  if (typeof email !== 'string' || email_verified !== true || !/^[^\s@\p{Cc}]{1,64}@[^\s@\p{Cc}]{1,253}$/u.test(email))
    throw new LookupFailed('there is no address to ask by');
  const url = new URL('/v1/groups/-/memberships:searchTransitiveGroups', lookup.api);
  const terms = [
    `member_key_id == ${quoted(email)}`,
    ...lookup.labels.map((label) => `${quoted(label)} in labels`),
    ...(lookup.customer === null ? [] : [`parent == ${quoted(`customers/${lookup.customer}`)}`]),
  ];
  url.search = new URLSearchParams({ query: terms.join(' && '), pageSize: '1000' }).toString();
  return url;
}

/** The key is the group's address, which rules name. */
export function readCloudIdentityPage(first: URL, body: unknown): GroupPage {
  const { success, data } = Page.safeParse(body);
  if (!success) throw new LookupFailed('an answer that is no list of groups');
  const next = new URL(first);
  next.searchParams.set('pageToken', data.nextPageToken);
  return {
    groups: data.memberships.map(({ groupKey, displayName }) => ({ id: groupKey.id, name: displayName ?? null })),
    next: data.nextPageToken === '' ? null : next,
  };
}
