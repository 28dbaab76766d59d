import { accessTokenType } from '../domain/access-token.ts';
import { GrantId } from '../domain/ids.ts';
import { readRefreshToken } from '../domain/token-format.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { Grants } from '../ports/grants.ts';
import type { Sealing } from '../ports/sealing.ts';
import type { Signer } from '../ports/signer.ts';
import type { AuthenticatedClient } from './steps/authenticate-client.ts';
import { endGrant } from './steps/end-grant.ts';

export interface RevokeDependencies {
  readonly grants: Grants;
  readonly sealing: Sealing;
  readonly signer: Signer;
  readonly audit: AuditLog;
}

async function grantIdOf({ sealing, signer }: RevokeDependencies, token: string): Promise<GrantId | null> {
  const refresh = readRefreshToken(token, sealing.mac);
  if (refresh !== null) return refresh.grantId;
  const claims = await signer.verify(accessTokenType, token);
  const read = GrantId.safeParse(claims?.['grant_id']);
  return read.success ? read.data : null;
}

/**
 * Ends the grant behind a refresh or access token of this client, whichever kind it is; a token that is unknown or another client's
 * changes nothing and is answered alike. RFC 7009 §2.
 */
export const revokeToken = (dependencies: RevokeDependencies) => {
  const end = endGrant(dependencies);
  return async (client: AuthenticatedClient, token: string): Promise<void> => {
    const id = await grantIdOf(dependencies, token);
    const grant = id === null ? null : await dependencies.grants.get(id);
    if (grant === null || grant.client_id !== client.client_id) return;
    await end(grant, 'the client revoked it');
  };
};
