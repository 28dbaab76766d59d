import type { Half, LinkFacts } from '../../domain/linking.ts';
import type { Person } from '../../domain/person.ts';
import type { StageAt } from '../../domain/transaction.ts';
import type { SecondFactors } from '../../ports/second-factors.ts';
import type { Users } from '../../ports/users.ts';

interface LinkFactsDependencies {
  readonly users: Pick<Users, 'get' | 'identity' | 'identitiesOf'>;
  readonly secondFactors: Pick<SecondFactors, 'get'>;
}

async function halfOf({ users, secondFactors }: LinkFactsDependencies, person: Person): Promise<Half | null> {
  const { identityId, connectionId } = person;
  const identity = identityId === undefined ? null : await users.identity(identityId);
  if (identity === null) return null;
  const { userId } = identity;
  const [user, held, factor] = await Promise.all([users.get(userId), users.identitiesOf(userId), secondFactors.get(userId)]);
  if (user?.status !== 'active') return null;
  const connections = [...new Set(held.map((each) => each.connectionId))];
  return { userId, createdAt: user.createdAt, connectionId, connections, hasFactor: factor !== null };
}

/** What is known now of both accounts that somebody is joining; whose a sign-in is, its own row says. */
export const linkFacts =
  (dependencies: LinkFactsDependencies) =>
  async ({ person, linking }: StageAt<'consenting'>): Promise<LinkFacts | null> => {
    if (linking?.half !== 'second') return null;
    const both = [linking.first, person];
    const [first = null, second = null] = await Promise.all(both.map((each) => halfOf(dependencies, each)));
    if (first === null || second === null || first.userId === second.userId) return { first, second };
    // Whoever is not the one they signed in as any more starts again.
    return { first: first.userId === linking.first.userId ? first : null, second: second.userId === person.userId ? second : null };
  };
