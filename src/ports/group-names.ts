import type { GroupName } from '../domain/group-name.ts';
import type { ConnectionId } from '../domain/ids.ts';

export interface GroupNames {
  /**
   * Keeps what groups are called, where that is news. Nobody waits for it and it never fails: it is written in the background, one after the
   * other, and what could not be written is kept at a later sign-in.
   */
  note(connectionId: ConnectionId, names: ReadonlyMap<string, string> | undefined): void;
  /** What these groups of a connection are called, as far as anybody told. */
  of(connectionId: ConnectionId, groupIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Groups of a connection that have a name, at most so many. */
  ofConnection(connectionId: ConnectionId, most: number): Promise<readonly GroupName[]>;
  /** Resolves once everything noted is written, or was given up. */
  settled(): Promise<void>;
}
