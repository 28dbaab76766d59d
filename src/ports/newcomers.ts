import type { ConnectionId } from '../domain/ids.ts';

/** How many have come through a connection for the first time. */
export interface Newcomers {
  /** Takes a place, if fewer than `most` are taken: of any number of concurrent callers no more than there are places. */
  take(connectionId: ConnectionId, most: number): Promise<boolean>;
  /** Gives one back that was not needed after all. */
  giveBack(connectionId: ConnectionId): Promise<void>;
}
