import { kindOf } from '../connectors/kinds/known.ts';
import { UpstreamProfile } from '../connectors/kinds/profile.ts';
import type { ConnectionAbilities } from '../domain/connection-settings.ts';
import type { ConnectionConfig } from './connection-schema.ts';

/** What the settings of a connection let it bring. */
export function abilitiesOf(connection: ConnectionConfig): ConnectionAbilities {
  const { id, type } = connection;
  const isProvisioned = connection.provisioning !== undefined;
  const provisioning = connection.provisioning === undefined ? null : connection.provisioning.required ? 'required' : 'optional';
  if (connection.type === 'supabase') {
    const { tenant, roles } = connection.claims;
    const proof = { provesMfa: true, provesPhishingResistance: false };
    return {
      id,
      conveysGroups: tenant !== null || roles !== null || isProvisioned,
      ...proof,
      provisioning,
      isAskedAgain: connection.recheck !== undefined,
      asksForRefreshTokens: true,
    };
  }
  const { claims, groupLookup, mfa, scopes, offline } = UpstreamProfile.parse(kindOf(type).profile(connection));
  const { phishingResistant } = mfa;
  return {
    id,
    conveysGroups: claims.groups !== null || groupLookup?.when === 'always' || isProvisioned,
    provesMfa: mfa.acr.length + mfa.amr.length > 0,
    provesPhishingResistance: phishingResistant.acr.length + phishingResistant.amr.length > 0,
    provisioning,
    isAskedAgain: connection.recheck !== undefined,
    asksForRefreshTokens: offline !== null || scopes.includes('offline_access'),
  };
}
