import { randomBytes } from 'node:crypto';
import type { JWK } from 'jose';
import type { ClientMetadata, Configuration, KoaContextWithOIDC, Provider } from 'oidc-provider';
import { memory } from './identity-memory.ts';
import { noticePage, signOutPage } from './identity-pages.ts';
import { mfaAcr, passwordAcr, signInPolicy } from './identity-policy.ts';
import { personBySub } from './people.ts';

export interface DemoClient {
  readonly client_id: string;
  readonly client_secret: string;
  readonly redirect_uris: readonly string[];
}

const hour = 3600;

async function loadGrant({ oidc }: KoaContextWithOIDC): Promise<InstanceType<Provider['Grant']> | undefined> {
  const { client, session } = oidc;
  if (client === undefined || session?.accountId === undefined) return undefined;
  const grant = new oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope([...oidc.requestParamOIDCScopes]);
  grant.addOIDCClaims([...oidc.requestParamClaims]);
  await grant.save();
  return grant;
}

function claimsOf(sub: string): { [claim: string]: unknown; sub: string } | null {
  const person = personBySub(sub);
  if (person === null) return null;
  const { name, email, groups, login } = person;
  return { sub, name, preferred_username: login, email, email_verified: true, groups: [...groups] };
}

const signOut: NonNullable<Configuration['features']>['rpInitiatedLogout'] = {
  enabled: true,
  logoutSource: (ctx) => {
    const xsrf = ctx.oidc.session?.state?.['secret'];
    ctx.body = signOutPage({ action: '/session/end/confirm', xsrf: typeof xsrf === 'string' ? xsrf : '' });
  },
  postLogoutSuccessSource: (ctx) => {
    ctx.body = noticePage('You are signed out', 'The next sign-in asks who you are.');
  },
};

/** Who may ask, and what they are told about a person. */
function whoAndWhat(clients: readonly DemoClient[]): Configuration {
  return {
    clients: clients.map((client): ClientMetadata => ({
      ...client,
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code'],
      response_types: ['code'],
    })),
    clientAuthMethods: ['client_secret_basic'],
    responseTypes: ['code'],
    scopes: ['openid', 'profile', 'email', 'groups'],
    claims: {
      openid: ['sub', 'acr', 'amr', 'auth_time'],
      profile: ['name', 'preferred_username'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    conformIdTokenClaims: false,
    acrValues: [passwordAcr, mfaAcr],
    findAccount: (_ctx, sub) => {
      const claims = claimsOf(sub);
      return claims === null ? undefined : { accountId: sub, claims: () => claims };
    },
    loadExistingGrant: loadGrant,
  };
}

export function configuration(clients: readonly DemoClient[], key: JWK): Configuration {
  return {
    ...whoAndWhat(clients),
    adapter: memory(Date.now),
    jwks: { keys: [{ ...key, use: 'sig', alg: 'RS256' }] },
    pkce: { required: () => true },
    interactions: { policy: signInPolicy(), url: (_ctx, { uid }) => `/interaction/${uid}` },
    cookies: {
      // Cookies know no ports: these names must not meet those of the broker on the same host.
      names: { session: 'demo_idp_session', interaction: 'demo_idp_interaction', resume: 'demo_idp_resume' },
      keys: [randomBytes(32).toString('base64url')],
    },
    ttl: { AccessToken: hour, AuthorizationCode: 60, IdToken: hour, Interaction: hour, Session: 12 * hour, Grant: 12 * hour },
    clientBasedCORS: () => false,
    features: {
      devInteractions: { enabled: false },
      claimsParameter: { enabled: true },
      rpInitiatedLogout: signOut,
    },
    renderError: (ctx, { error, error_description }) => {
      ctx.type = 'html';
      ctx.body = noticePage(
        'This sign-in stopped here',
        `${error}: ${error_description ?? 'no more is known'}. Go back to the application and start again.`,
      );
    },
  };
}
