import { secretDigest } from '../domain/digest.ts';
import type { Directory } from '../domain/directory.ts';
import type { Secret } from '../domain/secret.ts';
import type { Clock } from '../ports/clock.ts';
import type { ScimTokens } from '../ports/scim-tokens.ts';
import type { ScimCaller } from './steps/scim-caller.ts';

export interface AuthenticateScimDependencies {
  readonly directory: Directory;
  readonly scimTokens: Pick<ScimTokens, 'get' | 'used'>;
  readonly clock: Clock;
}

/** Where an identity provider provisions: one address per connection. */
export const scimPath = '/scim/v2/';

/** For whom a token speaks at this address; null for one that is unknown or another connection's, and for an address where nobody is provisioned. */
export const authenticateScim =
  ({ directory, scimTokens, clock }: AuthenticateScimDependencies) =>
  async (address: string, token: Secret<'scim_token'>): Promise<ScimCaller | null> => {
    // By its digest: how long the look takes says nothing of the token.
    const known = await scimTokens.get(secretDigest(token));
    const connection = directory.connections.find(({ id }) => id === address);
    if (known === null || connection?.provisioning === undefined || known.connectionId !== connection.id) return null;
    await scimTokens.used(known, clock.now());
    return { connectionId: connection.id, provisioning: connection.provisioning, base: `${directory.issuer}${scimPath}${connection.id}` };
  };
