import { accessTokenClaims, accessTokenType } from '../../domain/access-token.ts';
import type { Grant } from '../../domain/grant.ts';
import type { Resource } from '../../domain/resource.ts';
import { offlineAccess, permittedScope, provenScope } from '../../domain/scope.ts';
import { Secret } from '../../domain/secret.ts';
import type { Standing } from '../../domain/standing.ts';
import { refreshTokenOf } from '../../domain/token-format.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Entropy } from '../../ports/entropy.ts';
import type { Sealing } from '../../ports/sealing.ts';
import type { Signer } from '../../ports/signer.ts';

/** RFC 6749 §5.1. */
export interface IssuedTokens {
  readonly access_token: Secret<'access_token'>;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
  readonly scope: string;
  readonly refresh_token: Secret<'refresh_token'> | null;
}

export interface IssueDependencies {
  readonly issuer: string;
  readonly signer: Signer;
  readonly sealing: Sealing;
  readonly clock: Clock;
  readonly entropy: Entropy;
}

/** Issues an access token for what was approved as far as the roles allow it now and the sign-in proved enough for it, and the refresh token of one generation when the client can use one. */
export const issueTokens =
  ({ issuer, signer, sealing, clock, entropy }: IssueDependencies) =>
  async (facts: {
    grant: Grant;
    standing: Standing;
    resource: Resource;
    generation: number;
    refreshable: boolean;
    narrowed?: readonly string[];
  }): Promise<IssuedTokens> => {
    const { grant, standing, resource } = facts;
    const now = clock.now();
    const permitted = permittedScope(resource, facts.narrowed ?? grant.scope, standing.permissions);
    const scope = provenScope(resource, permitted, standing.assurance, now);
    const lifetime = resource.lifetimes.accessToken;
    const claims = accessTokenClaims({ issuer, standing, scope, jti: entropy.id(), now, lifetime });
    return {
      access_token: new Secret(await signer.sign(accessTokenType, claims)),
      token_type: 'Bearer',
      expires_in: lifetime,
      scope: [...scope, ...(grant.offlineAccess && facts.refreshable ? [offlineAccess] : [])].join(' '),
      refresh_token: facts.refreshable ? refreshTokenOf(grant.id, facts.generation, sealing.mac) : null,
    };
  };
