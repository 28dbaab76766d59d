import { acrOf } from './acr.ts';
import { methodsOf } from './assurance.ts';
import type { Standing } from './standing.ts';

/** Header `typ` of our access tokens. RFC 9068 §2.1. */
export const accessTokenType = 'at+jwt';

/**
 * The claim set of an access token: one audience, the tenant it is locked to, its grant and what was approved as far as the person's
 * roles allow it now. RFC 9068 §2.2. Times in seconds. `acr` is what we assert, not the upstream's word for it.
 */
export function accessTokenClaims(facts: {
  issuer: string;
  standing: Standing;
  scope: readonly string[];
  jti: string;
  now: number;
  lifetime: number;
}): Record<string, unknown> {
  const { standing } = facts;
  const { auth_time } = standing.assurance;
  // Rows of before have the upstream's words.
  const amr = methodsOf(standing.assurance.amr);
  const acr = acrOf(standing.assurance);
  const iat = Math.floor(facts.now / 1000);
  return {
    iss: facts.issuer,
    sub: standing.user.id,
    aud: standing.resource,
    client_id: standing.client.id,
    scope: facts.scope.join(' '),
    tenant: standing.tenant.id,
    grant_id: standing.grantId,
    iat,
    exp: iat + facts.lifetime,
    jti: facts.jti,
    ...(auth_time === null ? {} : { auth_time }),
    ...(acr === null ? {} : { acr }),
    ...(amr.length === 0 ? {} : { amr }),
  };
}
