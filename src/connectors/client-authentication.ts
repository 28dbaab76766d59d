import { importJWK, importPKCS8, type CryptoKey, type JWK } from 'jose';
import * as oidc from 'openid-client';
import { LoginRefused } from '../ports/connector.ts';
import type { OidcSettings } from './oidc-settings.ts';

/** How we prove at the token endpoint who we are: a secret, or an assertion signed anew each time. OpenID Connect Core §9. */
export async function clientAuthentication(settings: OidcSettings, token_endpoint: string): Promise<oidc.ClientAuth> {
  const { client_secret, clientKey, tokenEndpointAuthMethod } = settings;
  if (clientKey !== null) return signedAssertion(clientKey, settings.assertionAudience === 'token_endpoint' ? token_endpoint : null);
  if (client_secret === null) return oidc.None();
  const secret = client_secret.reveal();
  return tokenEndpointAuthMethod === 'client_secret_post' ? oidc.ClientSecretPost(secret) : oidc.ClientSecretBasic(secret);
}

type ClientKey = NonNullable<OidcSettings['clientKey']>;

async function signedAssertion(clientKey: ClientKey, audience: string | null): Promise<oidc.ClientAuth> {
  const key = await importKey(clientKey);
  const thumbprint = clientKey['x5t#S256'];
  return oidc.PrivateKeyJwt(clientKey.kid === undefined ? key : { key, kid: clientKey.kid }, {
    [oidc.modifyAssertion]: (header, payload) => {
      header['typ'] = 'JWT';
      if (thumbprint !== undefined) header['x5t#S256'] = thumbprint;
      if (audience !== null) payload['aud'] = audience;
    },
  });
}

/** The reason names no part of the key. */
async function importKey({ private_key, alg }: ClientKey): Promise<CryptoKey> {
  const text = private_key.reveal().trim();
  try {
    const key = text.startsWith('{') ? await importJWK(JSON.parse(text) as JWK, alg) : await importPKCS8(text, alg);
    if (!(key instanceof Uint8Array) && key.type === 'private') return key;
  } catch {
    // Told below, in words that quote nothing.
  }
  throw new LoginRefused('misconfigured', `clientKey: no private key that signs ${alg}`);
}
