import { errors, interactionPolicy, type ClaimsParameterMember, type KoaContextWithOIDC } from 'oidc-provider';

export const passwordAcr = 'urn:drawbridge:demo:pwd';
export const mfaAcr = 'urn:drawbridge:demo:mfa';
export const secondFactorPrompt = 'second_factor';

const shorthand = 'mfa';

/** What an authorization request asks about how the person signed in. OpenID Connect Core §5.5.1.1 */
export type Assurance = 'password' | 'second-factor' | 'impossible';

export function wantedAssurance(asked: ClaimsParameterMember | null | undefined, acr_values: string): Assurance {
  const claimed = asked?.values ?? (asked?.value === undefined ? [] : [asked.value]);
  const wished = [...claimed, ...acr_values.split(' ')];
  if (claimed.includes(mfaAcr) || wished.includes(mfaAcr) || wished.includes(shorthand)) return 'second-factor';
  // OpenID Connect Core §5.5.1.1: an essential value that cannot be had is a failed sign-in.
  if (asked?.essential === true && claimed.length > 0 && !claimed.includes(passwordAcr)) return 'impossible';
  return 'password';
}

function wanted({ oidc }: KoaContextWithOIDC): Assurance {
  const acr_values = oidc.params?.['acr_values'];
  return wantedAssurance(oidc.claims.id_token?.['acr'], typeof acr_values === 'string' ? acr_values : '');
}

/** The order in which a person is asked things: who they are, then the second factor if the request wants one. */
export function signInPolicy(): interactionPolicy.DefaultPolicy {
  const { Check, Prompt, base } = interactionPolicy;
  const policy = base();
  const login = policy.get('login');
  if (login === undefined) throw new Error('the sign-in policy has no login');

  // These two know no second page: they would ask for the password again and again.
  login.checks.remove('essential_acr');
  login.checks.remove('essential_acrs');
  login.checks.add(
    new Check('impossible_acr', 'the requested assurance cannot be given', 'unmet_authentication_requirements', (ctx) => {
      if (wanted(ctx) !== 'impossible') return Check.NO_NEED_TO_PROMPT;
      throw new errors.CustomOIDCProviderError('unmet_authentication_requirements', 'the requested acr cannot be given');
    }),
    0,
  );
  const asksSecondFactor = new Check('second_factor_wanted', 'a second factor is required', 'interaction_required', (ctx) =>
    wanted(ctx) === 'second-factor' && ctx.oidc.session?.acr !== mfaAcr ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
  );
  policy.add(new Prompt({ name: 'select_account', requestable: true }), 1);
  policy.add(new Prompt({ name: secondFactorPrompt }, asksSecondFactor), 2);
  return policy;
}
