import { PageRefusal } from '../../domain/oauth-error.ts';
import type { Person } from '../../domain/person.ts';
import type { UpstreamSessions } from '../../ports/upstream-sessions.ts';

/** Nobody decides anything whose upstream has said meanwhile that they are signed out. */
export const checkSession =
  ({ upstreamSessions }: { readonly upstreamSessions: Pick<UpstreamSessions, 'get'> }) =>
  async ({ identityId }: Person): Promise<void> => {
    const session = identityId === undefined ? null : await upstreamSessions.get(identityId);
    if (session?.stands === false) throw new PageRefusal('expired', 'the identity provider has said that the sign-in is over');
  };
