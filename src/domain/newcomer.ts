import type { HeldRole } from './role-mapping.ts';

/** Who may come through a connection for the first time. */
export interface NewcomerPolicy {
  /** `proven-domain`: whose e-mail domain is proven to be the connection's. `by-rule`: to whom some rule or name gives a role, and not only the default. */
  readonly who: 'anyone' | 'proven-domain' | 'by-rule' | 'nobody';
  /** How many in all; null without an end. */
  readonly most: number | null;
}

/** Somebody whom nobody knows yet. */
export interface Newcomer {
  /** Of an address that the connection vouches for; null without one. */
  readonly domain: string | null;
  /** What the rules and names of every tenant would give. */
  readonly roles: readonly HeldRole[];
}

/** Why somebody may not come in for the first time, in words for the log; null when they may. */
export function refusalOfNewcomer(
  { who }: NewcomerPolicy,
  isProvenHere: (domain: string) => boolean,
  { domain, roles }: Newcomer,
): string | null {
  switch (who) {
    case 'anyone':
      return null;
    case 'nobody':
      return 'newcomers: nobody comes in for the first time through this connection';
    case 'proven-domain':
      return domain !== null && isProvenHere(domain) ? null : `newcomers: ${domain ?? 'no address'} is no proven domain of this connection`;
    case 'by-rule':
      return roles.some(({ source }) => source !== 'default') ? null : 'newcomers: no rule gives this person a role';
  }
}
