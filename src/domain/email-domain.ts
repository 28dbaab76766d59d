import type { ConnectionEntry, Directory } from './directory.ts';
import type { ConnectionId } from './ids.ts';

/** Where anybody can have an address: nobody's company, whoever says so. */
const openToEverybody = new Set(
  (
    'gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com icloud.com me.com mac.com aol.com ' +
    'proton.me protonmail.com pm.me gmx.com gmx.net gmx.de web.de t-online.de mail.com zoho.com yandex.com yandex.ru mail.ru qq.com 163.com'
  ).split(' '),
);

export const isOpenToEverybody = (domain: string): boolean => openToEverybody.has(domain);

const label = '(?!-)[a-z0-9-]{1,63}(?<!-)';
const domainName = new RegExp(`^(?=.{4,253}$)(${label}\\.)+(?!\\d+$)${label}$`);

/** A domain as we write it: lower case, in ASCII, at least two labels, no dot at the end. RFC 5321 §4.1.2, RFC 5890 §2.3. */
export const isDomainName = (text: string): boolean => domainName.test(text);

/** The domain of an e-mail address as we write it; null when this is no address. What stands before the at sign is not looked at. */
export function emailDomain(address: string): string | null {
  const host = /^[^\s@]{1,64}@([^\s@/\\:?#%[\]<>,;"']{1,253})$/.exec(address.trim())?.[1];
  if (host === undefined || !URL.canParse(`https://${host}/`)) return null;
  const { hostname } = new URL(`https://${host}/`);
  return isDomainName(hostname) ? hostname : null;
}

/** Every domain that a connection claims, with the connection. */
export function claimedDomains({ connections }: Pick<Directory, 'connections'>): ReadonlyMap<string, ConnectionId> {
  return new Map(connections.flatMap(({ id, domains }) => domains.map((domain) => [domain, id] as const)));
}

/** The ways to sign in that a page shows. */
export interface Offer {
  /** In the order they are shown. */
  readonly connections: readonly ConnectionEntry[];
  /** The one the request's own hint leads to: it stands first, and still has to be pressed. */
  readonly hinted: ConnectionId | null;
  /** Whether an e-mail address can lead to any of them. */
  readonly byEmail: boolean;
}

export function offerOf(offered: readonly ConnectionEntry[], proven: ReadonlyMap<string, ConnectionId>, hint: string | null): Offer {
  const hinted = routedConnection(offered, proven, hint);
  const leads = new Set(proven.values());
  return {
    connections: hinted === null ? offered : [hinted, ...offered.filter((connection) => connection !== hinted)],
    hinted: hinted?.id ?? null,
    byEmail: offered.some(({ id }) => leads.has(id)),
  };
}

/** The connection that an address leads to: by its whole domain and no other, and only among those offered. */
export function routedConnection(
  offered: readonly ConnectionEntry[],
  proven: ReadonlyMap<string, ConnectionId>,
  address: string | null,
): ConnectionEntry | null {
  const domain = address === null ? null : emailDomain(address);
  const id = domain === null ? undefined : proven.get(domain);
  return offered.find((connection) => connection.id === id) ?? null;
}
