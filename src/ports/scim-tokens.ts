import type { ConnectionId } from '../domain/ids.ts';
import type { ScimToken } from '../domain/provisioned.ts';

export interface ScimTokens {
  /** The token of this digest; null when there is none. */
  get(digest: string): Promise<ScimToken | null>;
  /** Those of a connection, the oldest first. */
  ofConnection(connectionId: ConnectionId): Promise<ScimToken[]>;
  add(token: ScimToken): Promise<void>;
  remove(digest: string): Promise<boolean>;
  used(token: ScimToken, now: number): Promise<void>;
}
