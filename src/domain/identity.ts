import { Assurance } from './assurance.ts';
import { sha256 } from './digest.ts';
import type { ConnectionId } from './ids.ts';
import type { Said } from './received-claims.ts';
import type { Secret } from './secret.ts';

/** Who the upstream says this is, after every check of the answer: the issuer and subject name the person, e-mail is for display. */
export interface VerifiedIdentity {
  readonly connectionId: ConnectionId;
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | null;
  readonly name: string | null;
  /** Null means unknown, which is not the same as none. */
  readonly groups: readonly string[] | null;
  /** What people call groups that are known by an id; absent where nobody said. */
  readonly groupNames?: ReadonlyMap<string, string>;
  /** Why the groups are unknown, for the log. */
  readonly whyUnknown?: string;
  readonly assurance: Assurance;
  /** Everything it said, for whoever tries the connection; no sign-in goes by it. */
  readonly said: readonly Said[];
  /** What the upstream gave us to ask it again with, and its name for the session; absent where it gives neither. */
  readonly session?: { readonly refresh_token: Secret<'upstream_token'> | null; readonly sid: string | null };
}

/** The key of an identity: connection, issuer and subject together, never e-mail. OpenID Connect Core §5.7. */
export function identityKey(identity: Pick<VerifiedIdentity, 'connectionId' | 'issuer' | 'subject'>): string {
  return sha256(JSON.stringify([identity.connectionId, identity.issuer, identity.subject]));
}
