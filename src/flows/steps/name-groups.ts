import { isGlob } from '../../domain/glob.ts';
import type { GroupName, GroupNaming } from '../../domain/group-name.ts';
import { groupCalled } from '../../domain/group-name.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import type { GroupNames } from '../../ports/group-names.ts';

export interface NamingDependencies {
  readonly groupNames: Pick<GroupNames, 'of' | 'ofConnection'>;
}

/** So many names are asked for at most, over all connections; further groups keep their ids. */
const mostAsked = 1_000;

/** What groups are called at these connections, the first of them where they are many. */
export const nameGroups =
  ({ groupNames }: NamingDependencies) =>
  async (connectionIds: readonly ConnectionId[], groups: readonly string[]): Promise<GroupNaming> => {
    const each = Math.floor(mostAsked / Math.max(1, connectionIds.length));
    const asked = [...new Set(groups)].filter((group) => !isGlob(group)).slice(0, each);
    const ofEach = async (id: ConnectionId) => [id, await groupNames.of(id, asked)] as const;
    return new Map(await Promise.all(connectionIds.map(ofEach)));
  };

/** So many are offered to whoever names a group. */
const mostOffered = 200;

/** Groups of these connections that have a name, for somebody to choose from; not all where they are many. */
export const knownGroups =
  ({ groupNames }: NamingDependencies) =>
  async (connectionIds: readonly ConnectionId[]): Promise<{ readonly id: string; readonly name: string }[]> => {
    const each = Math.floor(mostOffered / Math.max(1, connectionIds.length));
    const found = await Promise.all(connectionIds.map((id) => groupNames.ofConnection(id, each)));
    const called = ({ connectionId, groupId, name }: GroupName) =>
      groupCalled(new Map([[connectionId, new Map([[groupId, name]])]]), groupId, connectionId);
    const named = found.flat().flatMap((row) => {
      const name = called(row);
      return name === null ? [] : [{ id: row.groupId, name }];
    });
    return named.sort((a, b) => a.name.localeCompare(b.name, 'en'));
  };
