import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { openOidcConnector } from '../../src/connectors/oidc.ts';
import type { OidcSettingsInput } from '../../src/connectors/oidc-settings.ts';
import type { VerifiedIdentity } from '../../src/domain/identity.ts';
import { ConnectionId } from '../../src/domain/ids.ts';
import { Secret } from '../../src/domain/secret.ts';
import type { UpstreamAttempt } from '../../src/domain/upstream-attempt.ts';
import { LoginRefused, type Connector, type LoginRefusal } from '../../src/ports/connector.ts';
import type { HostileIdp, Script } from '../support/hostile-idp.ts';
import { noDemand } from '../../src/domain/assurance-demand.ts';

export const clock = { now: () => Date.now() };

export function connectorTo(idp: HostileIdp, more: Partial<OidcSettingsInput> = {}, now = clock): Connector {
  return openOidcConnector(settingsFor(idp, more), { clock: now, fetch: (url, request) => fetch(url, request as RequestInit) });
}

export function settingsFor(idp: HostileIdp, more: Partial<OidcSettingsInput> = {}): OidcSettingsInput {
  const secret = idp.client_secret === null ? null : new Secret<'client_secret'>(idp.client_secret);
  return {
    id: ConnectionId.parse('corp'),
    name: 'Corp',
    issuer: idp.issuer,
    client_id: idp.client_id,
    client_secret: secret,
    ...(secret === null ? { tokenEndpointAuthMethod: 'none' as const } : {}),
    redirect_uri: 'http://localhost:4000/login/corp/callback',
    claims: { groups: '/groups' },
    mfa: { acr_values: ['urn:example:2fa'], acr: ['urn:example:2fa'], amr: ['mfa'] },
    ...more,
  };
}

/** What the flow would make: fresh for each trip. */
export function attempt(more: Partial<UpstreamAttempt> = {}): UpstreamAttempt {
  const random = (): string => randomBytes(32).toString('base64url');
  return {
    state: random(),
    nonce: random(),
    code_verifier: random(),
    demand: noDemand,
    afresh: false,
    optional: false,
    prompt: null,
    login_hint: null,
    ...more,
  };
}

/** One whole login while the identity provider follows `script`. */
export async function login(connector: Connector, idp: HostileIdp, script: Script = {}, trip = attempt()): Promise<VerifiedIdentity> {
  idp.script = script;
  return connector.complete(idp.visit(await connector.begin(trip)), trip);
}

/** The refusal a login ended with, after making sure that it tells nothing it should not; fails when there was none. */
export async function refusalOf(outcome: Promise<unknown>): Promise<{ refusal: LoginRefusal; reason: string }> {
  const error = await outcome.then(
    () => null,
    (e: unknown) => e,
  );
  if (!(error instanceof LoginRefused)) throw new Error(`expected a LoginRefused, got ${inspect(error)}`);
  if (/CNRY|eyJ/.test(inspect(error, { depth: 10, showHidden: true }))) throw new Error('the refusal carries a code, token or secret');
  return { refusal: error.refusal, reason: error.reason };
}
