import { UserId } from '../domain/ids.ts';
import type { Identity } from '../domain/user.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { Users } from '../ports/users.ts';
import type { HandOverDependencies } from './steps/hand-over.ts';
import { handOver } from './steps/hand-over.ts';

export interface SeparateDependencies extends HandOverDependencies {
  readonly users: Pick<Users, 'forget' | 'handOver' | 'identitiesOf'>;
  readonly audit: AuditLog;
  readonly entropy: Entropy;
}

export interface Separated {
  /** False when it was a user's only one already. */
  readonly separated: boolean;
  /** Who has it now. */
  readonly userId: UserId;
  /** Grants that were given by it and ended. */
  readonly ended: number;
}

/**
 * Takes a joined identity out of a user again: from its next sign-in on it is a user of its own. What was granted by it ends, and the roles
 * that came through it go. A run that was cut off is finished by the next.
 */
export const separateIdentity =
  (dependencies: SeparateDependencies) =>
  async ({ id, userId: from, connectionId }: Identity): Promise<Separated> => {
    const { users, audit, entropy } = dependencies;
    if ((await users.identitiesOf(from)).length < 2) return { separated: false, userId: from, ended: 0 };
    const to = UserId.parse(`u_${entropy.id()}`);
    const rule = 'separated by an operator';
    await audit.append({ event: 'identity.separated', userId: to, leftUserId: from, connectionId, rule });
    const handover = { identityId: id, connectionId, from, to };
    const ended = await handOver(dependencies)(handover, { because: 'identity separated', keepsRoles: false });
    return { separated: true, userId: to, ended };
  };
