import { administrationPath, administrationScopes } from './administration.ts';
import type { Client } from './client.ts';
import type { GrantId } from './ids.ts';

/** Where administrators’ pages are, below the issuer. */
export const consolePaths = {
  front: '/admin',
  callback: '/admin/callback',
  invitation: '/admin/invitation',
  signOut: '/admin/sign-out',
  signedOut: '/admin/signed-out',
  rules: (tenant: string): `/${string}` => `/admin/workspaces/${tenant}/rules`,
} as const;

export const consoleClientId = 'drawbridge-console';

/** What the pages ask for when an administrator signs in. */
export const consoleScope = `${administrationScopes.read} ${administrationScopes.write}`;

export const consoleAddress = (issuer: string): string => `${issuer}${consolePaths.callback}`;
export const consoleResource = (issuer: string): string => `${issuer}${administrationPath}`;

/** The pages as a client of this very server: public, for the administration alone, and without refresh tokens. */
export const consoleClient = (issuer: string, onlyFor: string): Client => ({
  client_id: consoleClientId,
  metadata: {
    client_name: 'Administrators’ pages',
    redirect_uris: [consoleAddress(issuer)],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
    response_types: ['code'],
  },
  verifiedHost: null,
  origin: 'configured',
  secretDigest: null,
  onlyFor,
});

/** The link of an invitation. */
export const invitationLink = (issuer: string, ticket: string): string => `${issuer}${consolePaths.invitation}?ticket=${ticket}`;

/** How long somebody stays signed in to the pages at most, in ms: a working day. */
export const consoleLifetime = 12 * 3_600_000;

/** What the cookie of a signed-in administrator says. */
export interface ConsoleSession {
  readonly grantId: GrantId;
  /** When they signed in, in ms since the epoch. */
  readonly at: number;
}

export const isOver = ({ at }: ConsoleSession, now: number): boolean => now - at >= consoleLifetime;
