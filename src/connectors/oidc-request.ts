import type { UpstreamAttempt } from '../domain/upstream-attempt.ts';
import type { OidcSettings } from './oidc-settings.ts';

interface Asking {
  readonly code_challenge: string;
  /** OpenID Connect Core §5.5: whether the upstream reads the claims parameter. */
  readonly takesClaims: boolean;
}

/** OpenID Connect Core §3.1.2.1, RFC 7636 §4.3. */
export function authorizationRequest(
  settings: OidcSettings,
  attempt: UpstreamAttempt,
  { code_challenge, takesClaims }: Asking,
): Record<string, string> {
  const { prompt, login_hint } = attempt;
  const { acr_values, claims } = attempt.demand.mfa ? secondFactorRequest(settings) : nothing;
  const asked = { ...(prompt === 'login' && settings.asksAuthTime ? { auth_time: { essential: true } } : {}), ...claims };
  return {
    // First, so that nothing of it stands in the place of what follows.
    ...settings.parameters,
    response_type: 'code',
    redirect_uri: settings.redirect_uri,
    scope: [...new Set(['openid', ...settings.scopes])].join(' '),
    state: attempt.state,
    nonce: attempt.nonce,
    code_challenge,
    code_challenge_method: 'S256',
    ...(prompt === null ? {} : { prompt }),
    // Makes auth_time a claim the upstream owes us, which is how a fresh login is told from a remembered one.
    ...(prompt === 'login' ? { max_age: '0' } : {}),
    ...(login_hint === null || (prompt === 'select_account' && !settings.hintWithSelection) ? {} : { login_hint }),
    ...(acr_values.length === 0 ? {} : { acr_values: acr_values.join(' ') }),
    ...(Object.keys(asked).length === 0 || !takesClaims ? {} : { claims: JSON.stringify({ id_token: asked }) }),
  };
}

const nothing = { acr_values: [], claims: {} };

/** As its kind says, or in both ways, since upstreams understand one or the other; what counts is what comes back. OpenID Connect Core §5.5.1.1. */
export function secondFactorRequest({ mfa, stepUp }: Pick<OidcSettings, 'mfa' | 'stepUp'>): NonNullable<OidcSettings['stepUp']> {
  return (
    stepUp ?? {
      acr_values: mfa.acr_values,
      claims: {
        ...(mfa.acr_values.length === 0 ? {} : { acr: { essential: true, values: mfa.acr_values } }),
        ...(mfa.amr.length === 0 ? {} : { amr: { essential: true } }),
      },
    }
  );
}
