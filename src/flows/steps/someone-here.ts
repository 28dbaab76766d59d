import { AdministrationRefused, isPlatform } from '../../domain/administration.ts';
import type { Administration } from '../../domain/directory.ts';
import type { UserId } from '../../domain/ids.ts';
import type { Standing } from '../../domain/standing.ts';
import type { Tenant } from '../../domain/tenant.ts';
import type { Member, MemberDependencies } from './member-of.ts';
import { belongs, memberOf } from './member-of.ts';

export interface Sought {
  readonly standing: Standing;
  readonly administration: Administration;
  readonly tenant: Tenant;
  readonly userId: UserId;
}

/** Somebody of the tenant; who belongs elsewhere is not there, except for whoever looks after all tenants. */
export const someoneHere =
  (dependencies: MemberDependencies) =>
  async ({ standing, administration, tenant, userId }: Sought): Promise<Member> => {
    const member = await memberOf(dependencies)(tenant, userId);
    if (member === null || (!belongs(member) && !isPlatform(standing, administration))) throw new AdministrationRefused('not-found');
    return member;
  };
