import type { OutboundFetch } from '../ports/document-fetcher.ts';
import { mostGroups } from './claims.ts';
import { networkCode } from './network-code.ts';
import { boundedFetch } from './oidc-fetch.ts';

/** A group in a directory: what rules call it, and what people do. */
export interface ToldGroup {
  readonly id: string;
  readonly name: string | null;
}

/** One page of a list: the groups on it, and where the next one is. */
export interface GroupPage {
  readonly groups: readonly ToldGroup[];
  readonly next: URL | null;
}

/** The list could not be had whole. The reason is for the log and quotes nothing of the answer. */
export class LookupFailed extends Error {
  override readonly name = 'LookupFailed';
}

export interface Asked {
  readonly fetch: OutboundFetch;
  readonly access_token: string;
  readonly deadlineMs: number;
}

/** A thousand groups with long names. */
const mostBytes = 1024 * 1024;
const mostPages = 12;

/** A whole list, page after page, or `LookupFailed`: part of a list is not the list. */
export async function readPages(first: URL, read: (body: unknown) => GroupPage, asked: Asked): Promise<ToldGroup[]> {
  const { access_token, deadlineMs } = asked;
  const outbound = boundedFetch(asked.fetch, mostBytes);
  const signal = AbortSignal.timeout(deadlineMs);
  const headers = { authorization: `Bearer ${access_token}`, accept: 'application/json' };
  const found: ToldGroup[] = [];
  let url: URL | null = first;
  for (let page = 0; url !== null; page += 1) {
    if (page >= mostPages) throw new LookupFailed(`more than ${String(mostPages)} pages`);
    // The token is for this host; what an answer names beside it is not called.
    if (url.origin !== first.origin) throw new LookupFailed('the next page is on another host');
    const response = await outbound(url.href, { method: 'GET', headers, redirect: 'manual', signal }).catch((error: unknown) => {
      throw new LookupFailed(networkCode(error));
    });
    const { groups, next } = read(await bodyOf(response));
    found.push(...groups);
    if (found.length > mostGroups) throw new LookupFailed(`more than ${String(mostGroups)} groups`);
    url = next;
  }
  return found;
}

async function bodyOf(response: Response): Promise<unknown> {
  const { status, headers } = response;
  if (status !== 200) throw new LookupFailed(`status ${String(status)}${pauseWanted(headers)}`);
  try {
    return JSON.parse(await response.text());
  } catch {
    throw new LookupFailed('no JSON');
  }
}

/** Nobody waits for it here: the next sign-in asks again. RFC 9110 §10.2.3. */
function pauseWanted(headers: Headers): string {
  const after = headers.get('retry-after') ?? '';
  return /^\d{1,6}$/.test(after) ? `, to be left alone for ${after} s` : '';
}
