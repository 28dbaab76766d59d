import type { Caller } from '../domain/access-decision.ts';
import type { Ownership } from '../domain/ownership.ts';
import { assertionClaims, ASSERTION_TYPE, toldPermissions } from '../domain/upstream-assertion.ts';
import { boundedCache } from './bounded-cache.ts';
import type { GatewayDependencies } from './dependencies.ts';

/** Milliseconds one assertion is used again for the same caller at the same upstream: half its life. */
const REUSED = 30_000;

/** The signed statement about a caller, made anew as soon as anything in it would differ. */
export function assertions({ signer, clock, entropy, issuer }: Pick<GatewayDependencies, 'signer' | 'clock' | 'entropy' | 'issuer'>) {
  const isStale = ({ madeAt }: { readonly madeAt: number }) => clock.now() - madeAt >= REUSED;
  const recent = boundedCache<{ readonly signed: string; readonly madeAt: number }>(10_000, isStale);
  return async ({ resource, standing, scope }: Caller, ownership?: Ownership): Promise<string> => {
    const now = clock.now();
    const { user, tenant, client, roles } = standing;
    const told = [roles, toldPermissions(resource, standing.permissions), ownership];
    const key = JSON.stringify([standing.grantId, resource.upstream, scope, user, tenant, client, told]);
    const known = recent.get(key);
    if (known !== undefined && now - known.madeAt < REUSED && now >= known.madeAt) return known.signed;
    const claims = assertionClaims({ issuer, resource, standing, scope, ownership, now: Math.floor(now / 1000), jti: entropy.id() });
    const signed = await signer.sign(ASSERTION_TYPE, claims);
    recent.set(key, { signed, madeAt: now });
    return signed;
  };
}
