import type { ProvisionedMember } from '../../domain/provisioned.ts';
import type { MemberChange } from '../../domain/scim-group.ts';
import type { MovedMembers } from '../../domain/scim-members.ts';
import { mostGroups, mostMembers, movedMembers, tooManyGroups, tooManyMembers } from '../../domain/scim-members.ts';
import type { ProvisionedUsers } from '../../ports/provisioned-users.ts';
import type { ScimCaller } from './scim-caller.ts';
import { forEach, notThere } from './scim-caller.ts';

/** What changes of members come to, or throws before any is made: everybody who joins is one of this connection's people, and nothing grows beyond its bounds. */
export async function checkedMembers(
  { provisionedUsers }: { readonly provisionedUsers: Pick<ProvisionedUsers, 'get'> },
  { connectionId }: ScimCaller,
  rows: readonly ProvisionedMember[],
  changes: readonly MemberChange[],
): Promise<MovedMembers> {
  const moved = movedMembers(rows, changes);
  // Whoever leaves one that is too large already is let go.
  if (moved.joining.length > 0 && moved.after.size > mostMembers) throw tooManyMembers();
  await forEach(moved.joining, async (id) => {
    const user = await provisionedUsers.get(id);
    if (user?.connectionId !== connectionId) throw notThere();
    if (moved.after.has(id) && user.groups.length >= mostGroups) throw tooManyGroups();
  });
  return moved;
}
