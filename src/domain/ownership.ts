import type { ToolRule } from './resource.ts';

/** What a tool may be used on by somebody: anything, or only what is theirs. Which that is, the MCP server knows. */
export type Ownership = 'any' | 'own';

/** Whether it is for more people to use on what is theirs than on anything. */
export const hasOwners = ({ ownPermissions }: ToolRule): boolean => ownPermissions !== undefined;

/** What is lacking of a tool's permissions, by each way there is to it: to use it on anything, and on what is theirs. */
export function lackedWays(
  { permissions, ownPermissions }: ToolRule,
  held: readonly string[],
): readonly (readonly [Ownership, string[]])[] {
  const lacked = (needed: readonly string[]) => needed.filter((permission) => !held.includes(permission));
  const own = ownPermissions === undefined ? [] : [['own', lacked(ownPermissions)] as const];
  return [['any', lacked(permissions)], ...own];
}
