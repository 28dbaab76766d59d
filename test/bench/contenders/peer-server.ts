/** oidc-provider configured to do what we do: ES256 JWT access tokens for a resource, public clients with PKCE, rotation at every refresh. */
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';
import type { Configuration } from 'oidc-provider';
import { unboundedMemory } from './peer-memory.ts';
import { client_name, code_challenge, redirect_uri, scope } from './wanted.ts';

const [port = ''] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const resource = `${issuer}/mcp`;
const client_id = 'bench';
const hour = 3600;

const { privateKey } = await generateKeyPair('ES256', { extractable: true });

const configuration: Configuration = {
  adapter: unboundedMemory(),
  jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: 'one' }] },
  clients: [
    {
      client_id,
      client_name,
      redirect_uris: [redirect_uri],
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      id_token_signed_response_alg: 'ES256',
    },
  ],
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  scopes: ['openid', 'offline_access', 'read', 'write'],
  responseTypes: ['code'],
  findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  issueRefreshToken: async () => true,
  rotateRefreshToken: true,
  pkce: { required: () => true },
  clientBasedCORS: () => false,
  ttl: {
    AccessToken: hour,
    AuthorizationCode: hour,
    RefreshToken: 30 * 24 * hour,
    Grant: 30 * 24 * hour,
    Interaction: hour,
    Session: hour,
  },
  features: {
    devInteractions: { enabled: true },
    registration: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope,
        audience: resource,
        accessTokenTTL: hour,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
};

const peer = new Provider(issuer, configuration);

/** Tokens as a finished login leaves them, made through the library's own models. */
async function seed(kind: 'code' | 'refresh', count: number): Promise<string[]> {
  const client = await peer.Client.find(client_id);
  if (client === undefined) throw new Error('the client is not there');
  const made: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const accountId = `person-${index}`;
    const grant = new peer.Grant({ accountId, clientId: client_id });
    grant.addResourceScope(resource, scope);
    const common = { accountId, client, grantId: await grant.save(), scope, resource, gty: 'authorization_code' };
    const token =
      kind === 'code'
        ? new peer.AuthorizationCode({ ...common, redirectUri: redirect_uri, codeChallenge: code_challenge, codeChallengeMethod: 'S256' })
        : new peer.RefreshToken({ ...common, rotations: 0 });
    made.push(await token.save());
  }
  return made;
}

process.on('message', ({ ask, id, kind, count }: { ask: string; id: number; kind: 'code' | 'refresh'; count: number }) => {
  if (ask === 'seed') void seed(kind, count).then((answer) => process.send?.({ id, answer }));
});

const answer = peer.callback();
createServer((req, res) => void answer(req, res)).listen(Number(port), '127.0.0.1');
