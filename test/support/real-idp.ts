import { randomBytes } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import Provider, { interactionPolicy, type ClientMetadata, type Configuration } from 'oidc-provider';
import { memory } from '../../src/demo/identity-memory.ts';
import { listenOn } from '../../src/demo/loopback.ts';

export interface RealIdpOptions {
  /** Our public key, for private_key_jwt. */
  readonly clientKey: JWK;
  readonly requirePar?: boolean;
  /** Where answers may go. */
  readonly redirect_uri?: string;
  /** Where it listens; 0 takes a free port. */
  readonly port?: number;
  readonly idTokenAlg?: 'ES256' | 'RS256';
  /** Where it tells of sign-outs. OpenID Connect Back-Channel Logout §2.2. */
  readonly backchannel_logout_uri?: string;
  /** Whether what is known of people stands at userinfo alone. OpenID Connect Core §5.4. */
  readonly claimsAtUserinfo?: boolean;
}

export interface RealIdp {
  readonly issuer: string;
  /** What the next person signs in with; `acr` is granted only when this says so. */
  signsIn: { accountId: string; acr?: string; amr?: string[] };
  /** Who is no longer known there. */
  readonly removed: Set<string>;
  /** What is known of everybody at this moment. */
  person: { readonly groups?: readonly string[]; readonly department?: string };
  /** Breaks off every connection while it is true. */
  isDown: boolean;
  /** The browser's part: follows every redirect until the callback, and gives its parameters. */
  visit(url: URL): Promise<URLSearchParams>;
  /** How often a path was asked for. */
  count(path: string): number;
  /** Signs with a new key; the old one is no longer published. */
  rotate(): Promise<void>;
  close(): Promise<void>;
}

const clientKeysPath = '/client-keys';
const standardCallback = 'http://localhost:4000/login/corp/callback';

/** oidc-provider on loopback, on its own: it demands pushed requests and a signed assertion, and grants the acr of whoever signs in. */
export async function openRealIdp({
  clientKey,
  requirePar = true,
  idTokenAlg = 'ES256',
  redirect_uri = standardCallback,
  port = 0,
  backchannel_logout_uri,
  claimsAtUserinfo = false,
}: RealIdpOptions): Promise<RealIdp> {
  const loopback = await listenOn(undefined, port);
  const issuer = `http://localhost:${loopback.port}`;
  const client: ClientMetadata = {
    client_id: 'drawbridge',
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    id_token_signed_response_alg: idTokenAlg,
    redirect_uris: [redirect_uri],
    grant_types: ['authorization_code', 'refresh_token'],
    ...(backchannel_logout_uri === undefined ? {} : { backchannel_logout_uri, backchannel_logout_session_required: true }),
    // Fetched, as an administrator would have it.
    jwks_uri: `${issuer}${clientKeysPath}`,
    require_pushed_authorization_requests: requirePar,
  };
  const asked: string[] = [];
  const removed = new Set<string>();

  async function provider() {
    const idp = new Provider(
      issuer,
      await configuration(client, idTokenAlg, { isPushed: requirePar, removed, claimsAtUserinfo, person: () => real.person }),
    );
    idp.use(async (ctx, next) => {
      asked.push(ctx.path);
      if (ctx.path === clientKeysPath) {
        ctx.body = { keys: [clientKey] };
        return undefined;
      }
      const uid = /^\/interaction\/([\w-]+)$/.exec(ctx.path)?.[1];
      if (uid === undefined) return next();
      const { lastSubmission } = await idp.interactionDetails(ctx.req, ctx.res);
      // Asked again after a sign-in: the level cannot be reached. OpenID Connect Core §5.5.1.1.
      const unmet = { error: 'unmet_authentication_requirements', error_description: 'CNRY' };
      if (lastSubmission !== undefined) return idp.interactionFinished(ctx.req, ctx.res, unmet);
      const { accountId, acr, amr } = real.signsIn;
      const login = { accountId, ...(acr === undefined ? {} : { acr }), ...(amr === undefined ? {} : { amr }) };
      return idp.interactionFinished(ctx.req, ctx.res, { login });
    });
    return idp.callback();
  }

  const real: RealIdp = {
    issuer,
    signsIn: { accountId: 'person-1' },
    removed,
    person: { groups: ['eng'] },
    isDown: false,
    visit: (url) => follow(url),
    count: (path) => asked.filter((one) => one === path).length,
    rotate: async () => {
      listener = await provider();
    },
    close: loopback.close,
  };
  let listener = await provider();
  loopback.serve((request, response) => void (real.isDown ? request.destroy() : listener(request, response)));
  return real;
}

interface Circumstances {
  readonly isPushed: boolean;
  readonly removed: ReadonlySet<string>;
  readonly claimsAtUserinfo: boolean;
  readonly person: () => RealIdp['person'];
}

async function configuration(
  client: ClientMetadata,
  alg: string,
  { isPushed, removed, claimsAtUserinfo, person }: Circumstances,
): Promise<Configuration> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const policy = interactionPolicy.base();
  return {
    adapter: memory(Date.now),
    clients: [client],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg, use: 'sig', kid: randomBytes(6).toString('hex') }] },
    clientAuthMethods: ['private_key_jwt'],
    enabledJWA: { clientAuthSigningAlgValues: ['ES256'] },
    claims: { openid: ['sub', 'acr', 'amr', 'auth_time', 'groups', 'department'] },
    conformIdTokenClaims: claimsAtUserinfo,
    acrValues: ['gold', 'silver'],
    pkce: { required: () => true },
    interactions: { policy, url: (_ctx, { uid }) => `/interaction/${uid}` },
    ttl: { AccessToken: 60, AuthorizationCode: 60, IdToken: 60, Interaction: 60, Session: 60, Grant: 600, RefreshToken: 600 },
    issueRefreshToken: async (_ctx, client) => Promise.resolve(client.grantTypeAllowed('refresh_token')),
    rotateRefreshToken: true,
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    findAccount: (_ctx, accountId) => (removed.has(accountId) ? undefined : { accountId, claims: () => ({ sub: accountId, ...person() }) }),
    async loadExistingGrant({ oidc }) {
      if (oidc.client === undefined || oidc.session?.accountId === undefined) return undefined;
      const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope([...oidc.requestParamOIDCScopes]);
      grant.addOIDCClaims([...oidc.requestParamClaims]);
      await grant.save();
      return grant;
    },
    // Its own would reach nothing on loopback.
    fetch: (url, request) => fetch(url, unguarded(request)),
    clientBasedCORS: () => false,
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      claimsParameter: { enabled: true },
      pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: isPushed },
    },
  };
}

function unguarded(request: RequestInit = {}): RequestInit {
  return Object.fromEntries(Object.entries(request).filter(([name]) => name !== 'dispatcher'));
}

async function follow(start: URL): Promise<URLSearchParams> {
  const cookies = new Map<string, string>();
  let url = start;
  for (let hop = 0; hop < 12; hop += 1) {
    if (url.href.startsWith(standardCallback)) return url.searchParams;
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`stopped at ${url.pathname} with ${String(response.status)}: ${await response.text()}`);
    url = new URL(location, url);
  }
  throw new Error('went round in circles');
}
