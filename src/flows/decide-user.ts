import { AdministrationRefused, isAdministratorRole, isPlatform, isWithinReach } from '../domain/administration.ts';
import { rolesOf } from '../domain/held-roles.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { User } from '../domain/user.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { Grants } from '../ports/grants.ts';
import type { Users } from '../ports/users.ts';
import type { EndDependencies } from './steps/end-grant.ts';
import { endGrant } from './steps/end-grant.ts';
import type { Member } from './steps/member-of.ts';
import { belongs, mayDo, memberOf } from './steps/member-of.ts';
import type { OtherAdministratorsDependencies } from './steps/other-administrators.ts';
import { hasOtherAdministrator } from './steps/other-administrators.ts';
import type { Sought } from './steps/someone-here.ts';
import { someoneHere } from './steps/someone-here.ts';

export interface DecideUserDependencies extends OtherAdministratorsDependencies, EndDependencies {
  readonly users: Pick<Users, 'get' | 'identitiesOf' | 'decide'>;
  readonly grants: Pick<Grants, 'end' | 'ofUser'>;
  readonly audit: AuditLog;
}

/** Who belongs to another tenant too is that one's as much, and only whoever looks after both decides about them. */
function elsewhere(dependencies: DecideUserDependencies, { tenant, userId }: Sought) {
  const look = memberOf(dependencies);
  const others: readonly Tenant[] = dependencies.directory.tenants.filter(({ id }) => id !== tenant.id);
  return async (): Promise<boolean> => {
    const found = await Promise.all(others.map((other) => look(other, userId)));
    return found.some((member) => member !== null && belongs(member));
  };
}

/**
 * Disables somebody or enables them again. Who is disabled gets in nowhere, and what they had granted is over for good; enabling them brings
 * none of it back.
 */
export const decideUser = (dependencies: DecideUserDependencies) => {
  const { directory, users, grants, audit } = dependencies;
  const end = endGrant(dependencies);

  return async (sought: Sought, status: User['status']): Promise<Member> => {
    const { standing, administration, tenant, userId } = sought;
    const member = await someoneHere(dependencies)(sought);
    if (!isWithinReach(standing, mayDo(member, directory), administration)) throw new AdministrationRefused('beyond-reach');
    if (!isPlatform(standing, administration) && (await elsewhere(dependencies, sought)()))
      throw new AdministrationRefused('elsewhere-too');
    const isAdministrator = rolesOf(member.roles, directory.roles).some(isAdministratorRole);
    const leavesNobody = async () =>
      status === 'disabled' && isAdministrator && !(await hasOtherAdministrator(dependencies)(tenant, userId));
    if (await leavesNobody()) throw new AdministrationRefused('last-administrator');
    const endAll = async (because: string) => {
      const living = (await grants.ofUser(userId)).filter(({ stage }) => stage !== 'ended');
      await Promise.all(living.map((grant) => end(grant, because, standing.user.id)));
    };
    // What a run that was cut off left behind is not brought back by letting them in again.
    if (status === 'active' && member.user.status === 'disabled') await endAll('the person had been disabled');
    const about = { userId, tenantId: tenant.id, adminId: standing.user.id, rule: 'decided by an administrator' };
    if (member.user.status !== status) {
      await audit.append({ ...about, event: status === 'disabled' ? 'user.disabled' : 'user.enabled' }, 'again');
      await users.decide(userId, status);
    }
    // Asked once more: of two who disable each other at the same moment each sees that nobody is left, and takes it back.
    if (await leavesNobody()) {
      await audit.append({ ...about, event: 'user.enabled', rule: 'taken back: nobody else would administer' }, 'again');
      await users.decide(userId, 'active');
      throw new AdministrationRefused('last-administrator');
    }
    if (status === 'disabled') await endAll('the person was disabled');
    return (await memberOf(dependencies)(tenant, userId)) ?? member;
  };
};
