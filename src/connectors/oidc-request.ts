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

/** In the ways this upstream understands; what counts is what comes back. OpenID Connect Core §5.5.1.1. */
export function secondFactorRequest({ mfa, asksBy }: Pick<OidcSettings, 'mfa' | 'asksBy'>) {
  const values = mfa.acr_values;
  const wanted = {
    acr: values.length === 0 ? null : { essential: true, values },
    acrs: values.length === 0 ? null : { essential: true, value: values[0] },
    amr: mfa.amr.length === 0 ? null : { essential: true },
    auth_time: { essential: true },
  };
  const claims = Object.entries(wanted).filter(([name, want]) => want !== null && asksBy.some((way) => way === name));
  return { acr_values: asksBy.includes('acr_values') ? values : [], claims: Object.fromEntries(claims) };
}
