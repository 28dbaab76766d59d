import type { Grant } from '../../domain/grant.ts';
import type { ConnectionId, UserId } from '../../domain/ids.ts';
import type { Grants } from '../../ports/grants.ts';
import type { EndDependencies } from './end-grant.ts';
import { endGrant } from './end-grant.ts';

export interface EndSessionDependencies extends EndDependencies {
  readonly grants: Pick<Grants, 'end' | 'ofUser' | 'ofSid'>;
}

/** Whose grants are over: those of one upstream session, or all that came through a connection. */
export interface EndedSession {
  readonly connectionId: ConnectionId;
  readonly userId: UserId | null;
  readonly sidKey: string | null;
  /** Given until then (ms): whoever has signed in since is left alone. */
  readonly until: number;
}

/** Ends what came of an upstream session, each grant with its record, and how many that were. Doing it again ends nothing more. */
export const endSession = (dependencies: EndSessionDependencies) => {
  const end = endGrant(dependencies);
  const { grants } = dependencies;
  return async ({ connectionId, userId, sidKey, until }: EndedSession, because: string): Promise<number> => {
    const ofSession = sidKey === null ? [] : await grants.ofSid(sidKey);
    // A grant that names no session may be of this one.
    const ofUser = userId === null ? [] : (await grants.ofUser(userId)).filter((grant) => sidKey === null || grant.sidKey === undefined);
    const isMeant = (grant: Grant) => grant.connectionId === connectionId && grant.stage !== 'ended' && grant.createdAt <= until;
    const ended = await Promise.all([...ofSession, ...ofUser].filter(isMeant).map((grant) => end(grant, because)));
    return ended.filter(Boolean).length;
  };
};
