import { z } from 'zod';
import { effectiveScopes } from '../domain/access-decision.ts';
import type { Caller } from '../domain/access-decision.ts';
import { satisfies } from '../domain/assurance-demand.ts';
import { AssuranceRefused } from '../domain/assurance-refused.ts';
import { accessTokenType } from '../domain/access-token.ts';
import { BearerRefused, readBearer } from '../domain/bearer.ts';
import { clockSkew } from '../domain/clock-skew.ts';
import { sha256 } from '../domain/digest.ts';
import { ClientId, GrantId, TenantId, UserId } from '../domain/ids.ts';
import type { Resource } from '../domain/resource.ts';
import { parseScope } from '../domain/scope.ts';
import type { Standing } from '../domain/standing.ts';
import { StoreUnavailable } from '../ports/document-engine.ts';
import { boundedCache } from './bounded-cache.ts';
import type { GatewayDependencies, GatewayLimits, IncomingMessage } from './dependencies.ts';

/** RFC 9068 §2.2; one audience only, so that a token for two resources opens neither. */
const Claims = z.object({
  iss: z.string(),
  aud: z.string(),
  sub: UserId,
  client_id: ClientId,
  scope: z.string().transform((text) => parseScope(text) ?? []),
  tenant: TenantId,
  grant_id: GrantId,
  jti: z.string().min(1),
  iat: z.number(),
  exp: z.number(),
  nbf: z.number().optional(),
});
type Claims = z.infer<typeof Claims>;

/** Seconds by which clocks may differ. */
const SKEW = 30;

export interface Admission {
  readonly caller: Caller;
  /** Milliseconds since the epoch after which nothing may go on under this token. */
  readonly until: number;
  /** The caller as a later standing makes it; null when that standing is no longer this token's. */
  renew(standing: Standing): Caller | null;
}

/** Bearer to caller: the token proven once and remembered by digest, whether it still lives asked every time. RFC 6750 §2.1, RFC 9068 §4. */
export function openGuard(
  deps: Pick<GatewayDependencies, 'issuer' | 'signer' | 'authority' | 'clock' | 'directory'>,
  limits: Pick<GatewayLimits, 'tokens' | 'authorityTimeout'>,
) {
  const { signer, authority, clock, directory } = deps;
  const verified = boundedCache<Claims>(limits.tokens, ({ exp }) => clock.now() >= (exp + SKEW) * 1000);

  async function claimsOf(token: string): Promise<Claims> {
    const digest = sha256(token);
    const known = verified.get(digest);
    if (known !== undefined) return known;
    const payload = await signer.verify(accessTokenType, token);
    if (payload === null) throw new BearerRefused('invalid_token', 'not an access token of ours');
    const claims = Claims.safeParse(payload);
    if (!claims.success) throw new BearerRefused('invalid_token', 'its claims are not those of an access token');
    verified.set(digest, claims.data);
    return claims.data;
  }

  return async (req: IncomingMessage, resource: Resource): Promise<Admission> => {
    const credentials = readBearer(req.rawHeaders);
    if (credentials.kind === 'none') throw new BearerRefused(null, 'no credentials');
    if (credentials.kind === 'malformed') throw new BearerRefused('invalid_request', 'the Authorization header is repeated or malformed');
    // RFC 6750 §2: not more than one method in a request.
    if (hasOtherToken(req)) throw new BearerRefused('invalid_request', 'a second token beside the Authorization header');
    const claims = await claimsOf(credentials.token);
    checkClaims(claims, deps.issuer, resource, clock.now() / 1000);
    const standing = await inTime(authority.standing(claims.grant_id), limits.authorityTimeout);
    if (standing === null) {
      verified.delete(sha256(credentials.token));
      throw new BearerRefused('invalid_token', 'its grant has ended');
    }
    // What decides there is asked for anew with the standing: a revision of the policy may have come meanwhile.
    const callerAs = (later: Standing): Caller | null => {
      const meant = directory.addresses.get(resource.identifier);
      return meant === undefined ? null : callerFrom(claims, meant, later, clock.now());
    };
    const caller = callerAs(standing);
    if (caller === null) throw new BearerRefused('invalid_token', 'its grant is for somebody or something else');
    if (!isProven(caller)) throw new AssuranceRefused(null, standing.demand, caller.scope);
    const renew = (later: Standing): Caller | null => {
      const renewed = callerAs(later);
      return renewed !== null && isProven(renewed) ? renewed : null;
    };
    return { caller, until: endOf(claims, clock.now()), renew };
  };
}

/** What is not known in time is not known. */
async function inTime<Value>(asked: Promise<Value>, limit: number): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StoreUnavailable('the authority did not answer in time')), limit);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** When what this request begins must be over: at the token's expiry, or where that is already within the skew, at the end of the skew. */
function endOf({ exp }: Claims, now: number): number {
  return now < exp * 1000 ? exp * 1000 : (exp + SKEW) * 1000;
}

function hasOtherToken(req: IncomingMessage): boolean {
  const query = req.url?.split('?')[1];
  if (query !== undefined && new URLSearchParams(query).has('access_token')) return true;
  return /^application\/x-www-form-urlencoded\b/i.test(req.headers['content-type'] ?? '');
}

function checkClaims(claims: Claims, issuer: string, resource: Resource, now: number): void {
  if (claims.iss !== issuer) throw new BearerRefused('invalid_token', 'of another issuer');
  if (claims.aud !== resource.identifier) throw new BearerRefused('invalid_token', 'for another audience');
  if (now >= claims.exp + SKEW) throw new BearerRefused('invalid_token', 'expired');
  if (claims.iat > now + clockSkew / 1000)
    throw new BearerRefused('invalid_token', 'made in the future: the clocks of two instances differ');
  if (claims.nbf !== undefined && now < claims.nbf - SKEW) throw new BearerRefused('invalid_token', 'not valid yet');
}

/** Tenant or resource may have begun to demand more since the person signed in, or the sign-in has become too old. */
const isProven = ({ standing, now }: Caller): boolean => satisfies(standing.assurance, standing.demand, now);

function callerFrom(claims: Claims, resource: Resource, standing: Standing, now: number): Caller | null {
  const same =
    standing.grantId === claims.grant_id &&
    standing.user.id === claims.sub &&
    standing.tenant.id === claims.tenant &&
    standing.client.id === claims.client_id &&
    standing.resource === resource.identifier &&
    (resource.onlyTenant ?? standing.tenant.id) === standing.tenant.id;
  return same ? { resource, standing, scope: effectiveScopes(resource, standing, claims.scope), now } : null;
}
