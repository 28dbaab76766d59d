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
  const { prompt, login_hint, demand } = attempt;
  const { acr_values, claims } = strengthRequest(settings, demand);
  const offline = settings.isAskedAgain ? settings.offline : null;
  const age = ageRequest(attempt);
  const shown = [attempt.afresh ? 'login' : attempt.prompt, offline?.prompt ?? null].filter((one) => one !== null);
  const asked = { ...('max_age' in age && settings.asksAuthTime ? { auth_time: { essential: true } } : {}), ...claims };
  return {
    // First, so that nothing of it stands in the place of what follows.
    ...settings.parameters,
    ...offline?.parameters,
    response_type: 'code',
    redirect_uri: settings.redirect_uri,
    scope: [...new Set(['openid', ...settings.scopes, ...(offline?.scopes ?? [])])].join(' '),
    state: attempt.state,
    nonce: attempt.nonce,
    code_challenge,
    code_challenge_method: 'S256',
    ...(shown.length === 0 ? {} : { prompt: shown.join(' ') }),
    ...age,
    ...(login_hint === null || (prompt === 'select_account' && !settings.hintWithSelection) ? {} : { login_hint }),
    ...(acr_values.length === 0 ? {} : { acr_values: acr_values.join(' ') }),
    ...(Object.keys(asked).length === 0 || !takesClaims ? {} : { claims: JSON.stringify({ id_token: asked }) }),
  };
}

/** `max_age` makes `auth_time` a claim the upstream owes us, which is how a fresh login is told from a remembered one. OpenID Connect Core §3.1.2.1. */
function ageRequest({ prompt, demand }: UpstreamAttempt): { readonly max_age?: string } {
  const age = prompt === 'login' ? 0 : demand.maxAge;
  return age === null ? {} : { max_age: String(age) };
}

/** In the ways this upstream understands; what counts is what comes back. OpenID Connect Core §5.5.1.1. */
export function strengthRequest({ mfa, asksBy }: Pick<OidcSettings, 'mfa' | 'asksBy'>, demand: UpstreamAttempt['demand']) {
  if (!demand.mfa && !demand.phishingResistant) return { acr_values: [], claims: {} };
  const { acr, amr } = demand.phishingResistant ? mfa.phishingResistant : { acr: [], amr: [] };
  // A phishing-resistant sign-in is asked for by the values that would prove it.
  const values = acr.length > 0 ? acr : mfa.acr_values;
  const wanted = {
    acr: values.length === 0 ? null : { essential: true, values },
    acrs: values.length === 0 ? null : { essential: true, value: values[0] },
    amr: mfa.amr.length + amr.length === 0 ? null : { essential: true },
    auth_time: { essential: true },
  };
  const claims = Object.entries(wanted).filter(([name, want]) => want !== null && asksBy.some((way) => way === name));
  return { acr_values: asksBy.includes('acr_values') ? values : [], claims: Object.fromEntries(claims) };
}
