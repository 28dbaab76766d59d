import type { World } from './world.ts';

/** A glob over a URL: `*` and `?` stop at `.` and `/`, `**` does not. */
export function globMatches(pattern: string, url: string): boolean {
  const source = pattern.replaceAll(/\*\*|\*|\?|[.+^${}()|[\]\\/]/g, (part) => {
    if (part === '**') return '.*';
    if (part === '*') return '[^./]*';
    return part === '?' ? '[^./]' : `\\${part}`;
  });
  return new RegExp(`^${source}$`).test(url);
}

/** Where a flow will end: at `redirect_to` if it is allowed, else, without a word, at an allowed referrer or the site. */
export function landingOf({ settings }: World, asked: string | null, referrer: string | undefined): string {
  const isAllowed = (url: string): boolean => {
    if (!URL.canParse(url)) return false;
    if (new URL(url).hostname === new URL(settings.siteUrl).hostname) return true;
    const [bare = ''] = url.split('#');
    return settings.redirectUrls.some((pattern) => globMatches(pattern, bare));
  };
  if (asked !== null && isAllowed(asked)) return asked;
  return referrer !== undefined && isAllowed(referrer) ? referrer : settings.siteUrl;
}

/** An error on the way back: in the query, and mirrored in the fragment. */
export function withError(landing: string, error: { error: string; error_code: string; error_description: string }): string {
  const url = new URL(landing);
  for (const [name, value] of Object.entries(error)) url.searchParams.set(name, value);
  url.hash = `${new URLSearchParams(error).toString()}&sb=`;
  return url.href;
}
