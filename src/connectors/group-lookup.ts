import type { VerifiedIdentity } from '../domain/identity.ts';
import type { Said } from '../domain/received-claims.ts';
import type { OutboundFetch } from '../ports/document-fetcher.ts';
import { groupsFrom, textFrom, type Claims } from './claims.ts';
import { cloudIdentityQuestion, readCloudIdentityPage } from './cloud-identity-groups.ts';
import { graphQuestion, readGraphPage } from './graph-groups.ts';
import { LookupFailed, readPages, type ToldGroup } from './group-pages.ts';
import type { GroupLookup } from './kinds/group-lookup.ts';
import type { OidcSettings } from './oidc-settings.ts';

/** The groups of a person with what is known of them besides, and what was said about it. */
export interface GroupsTold extends Pick<VerifiedIdentity, 'groups' | 'groupNames' | 'whyUnknown'> {
  readonly said?: Said;
}

export type TellGroups = (claims: Claims, access_token: string) => Promise<GroupsTold>;

/** For all pages together (ms): with the exchange before it, less than a program waits for its token. */
const longestLookup = 4_000;
/** Where Entra lists groups; what stands elsewhere is something else, such as app roles, which a directory does not tell. */
const ofDirectory = '/groups';

/**
 * The groups in the claims, or those the directory tells with the person's own token where it is to be asked. Never throws: what cannot be had
 * whole is unknown, which is neither empty nor part of it.
 */
export function tellGroups({ claims, groupLookup, timeoutSeconds }: OidcSettings, fetch: OutboundFetch): TellGroups {
  const deadlineMs = Math.min(timeoutSeconds * 1000, longestLookup);
  return async (said, access_token) => {
    const listed = groupsFrom(said, claims.groups, claims.groupsSeparator);
    const isAsked = groupLookup?.when === 'always' || (listed === null && claims.groups === ofDirectory);
    if (groupLookup === null || !isAsked) return { groups: listed };
    const about = (more: Claims): Said => ({ from: 'group lookup', claims: { asked: groupLookup.api, ...more } });
    try {
      const told = await lookUp(groupLookup, said, { fetch, access_token, deadlineMs });
      const groups = [...new Set(told.map(({ id }) => id))];
      return { groups, groupNames: namesOf(told), said: about({ groups }) };
    } catch (error) {
      if (!(error instanceof LookupFailed)) throw error;
      return { groups: null, whyUnknown: `group lookup: ${error.message}`, said: about({ failed: error.message }) };
    }
  };
}

async function lookUp(lookup: GroupLookup, said: Claims, asked: Parameters<typeof readPages>[2]): Promise<ToldGroup[]> {
  if (lookup.at === 'graph') return readPages(graphQuestion(lookup.api), readGraphPage, asked);
  const first = cloudIdentityQuestion(lookup, said);
  return readPages(first, (body) => readCloudIdentityPage(first, body), asked);
}

function namesOf(told: readonly ToldGroup[]): ReadonlyMap<string, string> {
  const named = told.map(({ id, name }) => [id, textFrom({ name }, '/name')] as const);
  return new Map(named.filter((entry): entry is readonly [string, string] => entry[1] !== null));
}
