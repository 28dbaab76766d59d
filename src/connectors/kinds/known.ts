import { auth0 } from './auth0.ts';
import { entra } from './entra.ts';
import { google } from './google.ts';
import type { ConnectionKind } from './kind.ts';
import { keycloak } from './keycloak.ts';
import { oidc } from './oidc.ts';
import { okta } from './okta.ts';

/** Every kind of upstream that speaks OpenID Connect, the generic one first. */
export const kinds: readonly ConnectionKind[] = [oidc, google, entra, okta, auth0, keycloak];

/** The kind a connection says it is; throws when there is none of that name. */
export function kindOf(type: string): ConnectionKind {
  const kind = kinds.find((known) => known.type === type);
  if (kind === undefined) throw new Error(`there is no kind of connection called ${type}`);
  return kind;
}
