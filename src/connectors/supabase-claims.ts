import { z } from 'zod';
import type { Assurance } from '../domain/assurance.ts';
import { methodsOf } from '../domain/assurance.ts';
import { LoginRefused } from '../ports/connector.ts';
import { claimAt, groupsFrom, type Claims } from './claims.ts';
import { leewaySeconds } from './id-token.ts';
import type { SupabaseSettings } from './supabase-settings.ts';

/** What we need of an access token; a hook may have added to it or left out the rest. */
const SessionClaims = z.looseObject({
  iss: z.string(),
  sub: z.string().regex(/^[^\p{Cc}]{1,255}$/u),
  aud: z.union([z.string(), z.array(z.string())]),
  exp: z.number().positive(),
  iat: z.number().positive(),
  role: z.string(),
  aal: z.enum(['aal1', 'aal2', 'aal3']),
  session_id: z.string().min(1).max(255),
  amr: z
    .array(z.looseObject({ method: z.string().max(60), timestamp: z.number().positive() }))
    .min(1)
    .max(50),
  app_metadata: z.record(z.string(), z.unknown()).default({}),
});
export type SessionClaims = z.infer<typeof SessionClaims>;

/** Sessions that a link in a mail opened for another purpose, or that nobody signed in to. */
const noLogin = ['recovery', 'invite', 'email_change', 'anonymous'];

/** The checks of a GoTrue access token on top of its signature. */
export function checkSession(claims: Claims, expected: { issuer: string; now: number }): SessionClaims {
  const { data } = SessionClaims.safeParse(claims);
  if (data === undefined) throw untrustworthy('a claim is missing or malformed');
  const { issuer, now } = expected;
  demand(data.iss === issuer, 'iss is not the project');
  demand([data.aud].flat().includes('authenticated'), 'aud is not authenticated');
  demand(data.exp > now - leewaySeconds, 'exp is past');
  demand(data.iat <= now + leewaySeconds, 'iat is in the future');
  demand(data.role === 'authenticated', 'role is not authenticated');
  const { is_anonymous, client_id } = claims;
  demand(is_anonymous === undefined || is_anonymous === false, 'nobody is behind an anonymous session');
  demand(client_id === undefined, 'it was made for an OAuth client');
  demand(
    data.amr.every(({ timestamp }) => timestamp <= now + leewaySeconds),
    'amr is of the future',
  );
  const other = data.amr.find(({ method }) => noLogin.includes(method));
  demand(other === undefined, `a session by ${other?.method ?? ''} is no sign-in`);
  return data;
}

const secondFactors = ['totp', 'mfa/phone', 'mfa/webauthn'];
/** Of these GoTrue tells when it was told, not when the person was authenticated. */
const elsewhere = ['oauth', 'sso/saml', 'web3', 'token_refresh'];

/** A second factor is proven by the level and a method that belongs to it together; a passkey alone stays at the first level. */
export function assuranceOfSession({ aal, amr }: SessionClaims): Assurance {
  const second = amr.filter(({ method }) => secondFactors.includes(method));
  const mfa = aal === 'aal2' && second.length > 0;
  const here = amr.filter(({ method }) => !elsewhere.includes(method)).map(({ timestamp }) => timestamp);
  const said = amr.map(({ method }) => method);
  return {
    auth_time: here.length === 0 ? null : Math.floor(Math.max(...here)),
    authTimeSource: here.length === 0 ? null : 'amr_timestamp',
    acr: aal,
    amr: methodsOf(said),
    amrAsSaid: said,
    mfa,
    // GoTrue does not say which second factor cannot be phished.
    phishingResistant: false,
    evidence: mfa ? ['aal=aal2', ...second.map(({ method, timestamp }) => `amr=${method} at ${String(Math.floor(timestamp))}`)] : [],
  };
}

/**
 * Groups, from `app_metadata` alone: what stands in `user_metadata` people write themselves. Roles that belong to one of the project's own
 * tenants carry its name, `tenant/role`, or a role in one of them would be one in all. Null when it cannot be told.
 */
export function groupsOfSession({ app_metadata }: SessionClaims, { claims }: SupabaseSettings): readonly string[] | null {
  const roles = groupsFrom(app_metadata, claims.roles);
  if (claims.tenant === null || roles === null) return roles;
  const tenant = claimAt(app_metadata, claims.tenant);
  if (typeof tenant !== 'string' || !/^[^/\p{Cc}]{1,100}$/u.test(tenant)) return null;
  return [tenant, ...roles.map((role) => `${tenant}/${role}`)];
}

function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw untrustworthy(otherwise);
}

const untrustworthy = (reason: string): LoginRefused => new LoginRefused('untrustworthy', `session: ${reason}`);
