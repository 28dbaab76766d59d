import * as oidc from 'openid-client';
import type { Check } from '../domain/connection-check.ts';
import { notRun, ok, problem, warning } from '../domain/connection-check.ts';
import type { Entropy } from '../ports/entropy.ts';
import { asLoginRefused } from './oidc-refusals.ts';
import { authorizationRequest } from './oidc-request.ts';
import type { OidcSettings } from './oidc-settings.ts';

/**
 * Whether it takes us as its client, as far as that can be told without a person. Where requests are pushed, one is pushed as at a sign-in, which
 * shows the return address too. Otherwise one code that nobody issued is shown: who does not know us says so before looking at it.
 */
export async function examineClient(config: oidc.Configuration, settings: OidcSettings, entropy: Entropy): Promise<Check[]> {
  const isPushed = config.serverMetadata().pushed_authorization_request_endpoint !== undefined;
  return isPushed ? push(config, settings, entropy) : [await showMadeUpCode(config, settings, entropy)];
}

const codeOf = (error: unknown): string | null => {
  if (error instanceof oidc.ResponseBodyError) return error.error;
  return error instanceof oidc.WWWAuthenticateChallengeError && error.status === 401 ? 'invalid_client' : null;
};

const wayOf = ({ tokenEndpointAuthMethod }: OidcSettings): string =>
  ({
    client_secret_basic: 'the secret in client_secret',
    client_secret_post: 'the secret in client_secret',
    private_key_jwt: 'the public half of clientKey and its alg',
    none: 'that it is a public client',
  })[tokenEndpointAuthMethod];

/** What is told apart of the ways to be refused; null when it says nothing about us. */
function refusedUs(error: unknown, settings: OidcSettings): Check | null {
  switch (codeOf(error)) {
    case 'invalid_client': {
      const todo = `Compare with its console: client_id, ${wayOf(settings)}, and tokenEndpointAuthMethod (${settings.tokenEndpointAuthMethod}).`;
      return problem(
        'client',
        'It does not take us as its client: it does not know the client id, or refuses how we prove who we are.',
        todo,
      );
    }
    case 'unauthorized_client':
    case 'unsupported_grant_type':
      return problem(
        'client',
        'It knows us, and does not let us use the code flow.',
        'Allow the grant type “authorization code” for our client there.',
      );
    default:
      return null;
  }
}

async function push(config: oidc.Configuration, settings: OidcSettings, entropy: Entropy): Promise<Check[]> {
  const demand = { mfa: false, phishingResistant: false, maxAge: null };
  const secrets = { state: entropy.secret(), nonce: entropy.secret(), code_verifier: entropy.secret() };
  const attempt = { ...secrets, demand, afresh: false, optional: false, prompt: null, login_hint: null };
  const code_challenge = await oidc.calculatePKCECodeChallenge(attempt.code_verifier);
  const { redirect_uri } = settings;
  try {
    const takesClaims = config.serverMetadata().claims_parameter_supported !== false;
    await oidc.buildAuthorizationUrlWithPAR(config, authorizationRequest(settings, attempt, { code_challenge, takesClaims }));
    return [
      ok('client', 'It took a request that we pushed, so it knows us as its client.'),
      ok('return-address', `It took our return address ${redirect_uri}`),
    ];
  } catch (error) {
    const refused = refusedUs(error, settings);
    const { refusal, reason } = asLoginRefused('pushed request', error);
    const unknown = notRun('return-address', `Our return address has to be there exactly as ${redirect_uri}`);
    if (refused !== null) return [refused, unknown];
    if (refusal === 'unreachable')
      return [
        warning(
          'client',
          `It gave no usable answer to a request that we pushed (${reason}).`,
          'Try again; sign-ins fail as long as it does not.',
        ),
        unknown,
      ];
    const todo = `Enter the return address there exactly as ${redirect_uri} and allow the scopes; pushedRequests: false if it takes no pushed request from us.`;
    return [problem('return-address', `It refused the request that we pushed (${reason}).`, todo)];
  }
}

async function showMadeUpCode(config: oidc.Configuration, settings: OidcSettings, entropy: Entropy): Promise<Check> {
  const { redirect_uri } = settings;
  const parameters = { code: `made-up-${entropy.id()}`, redirect_uri, code_verifier: entropy.secret() };
  try {
    await oidc.genericGrantRequest(config, 'authorization_code', parameters);
    return problem(
      'client',
      'It gave a token for a code that nobody issued.',
      'Do not rely on it: whoever answers there is no identity provider.',
    );
  } catch (error) {
    const refused = refusedUs(error, settings);
    if (refused !== null) return refused;
    if (codeOf(error) === 'invalid_grant')
      return ok(
        'client',
        'It refused only the made-up code it was shown, so it takes us as its client, as far as that can be told without a person.',
      );
    const { reason } = asLoginRefused('token request', error);
    return warning(
      'client',
      `Its answer does not tell whether it takes us as its client (${reason}).`,
      'Try a sign-in before you rely on it.',
    );
  }
}
