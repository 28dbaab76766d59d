import { secretDigest } from '../domain/digest.ts';
import type { ConnectionId } from '../domain/ids.ts';
import { mostTokens } from '../domain/provisioned.ts';
import { Secret } from '../domain/secret.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { Clock } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { ScimTokens } from '../ports/scim-tokens.ts';

export interface IssueScimTokenDependencies {
  readonly scimTokens: ScimTokens;
  readonly audit: AuditLog;
  readonly entropy: Entropy;
  readonly clock: Clock;
}

export interface IssuedScimToken {
  readonly token: Secret<'scim_token'>;
  /** How many of before stopped working. */
  readonly revoked: number;
}

/** A new token of a connection; null when there are as many as there may be. Those of before go once it is there, if that was asked for. */
export const issueScimToken =
  ({ scimTokens, audit, entropy, clock }: IssueScimTokenDependencies) =>
  async (connectionId: ConnectionId, revokesOlder: boolean): Promise<IssuedScimToken | null> => {
    const older = await scimTokens.ofConnection(connectionId);
    if (!revokesOlder && older.length >= mostTokens) return null;
    const token = new Secret<'scim_token'>(`db_scim_${entropy.secret()}`);
    const id = secretDigest(token);
    await audit.append({
      event: 'provisioning.token-issued',
      connectionId,
      rule: revokesOlder ? 'in place of those of before' : 'by an operator',
    });
    await scimTokens.add({ id, connectionId, createdAt: clock.now() });
    const gone = await Promise.all((revokesOlder ? older : []).map((each) => scimTokens.remove(each.id)));
    // Two operators at the same moment: neither gets one too many.
    if ((await scimTokens.ofConnection(connectionId)).length <= mostTokens) return { token, revoked: gone.filter(Boolean).length };
    await scimTokens.remove(id);
    return null;
  };
