import type { ConnectionId } from '../domain/ids.ts';
import type { HeldGroup, ProvisionedUser } from '../domain/provisioned.ts';
import type { UserFields } from '../domain/scim-user.ts';

/** `taken`: the name or the external id is another's. `gone`: nobody is there any more. */
export type Provisioned = { readonly outcome: 'written'; readonly user: ProvisionedUser } | { readonly outcome: 'taken' | 'gone' };

export interface ProvisionedUsers {
  get(id: string): Promise<ProvisionedUser | null>;
  /** Who signs in with this identity, by its `identityKey`. */
  byIdentity(identityId: string): Promise<ProvisionedUser | null>;
  byUserName(userNameKey: string): Promise<ProvisionedUser | null>;
  /** Everybody of a connection, in pages whose order stays. */
  ofConnection(connectionId: ConnectionId): AsyncGenerator<readonly ProvisionedUser[]>;
  /** Of any number of concurrent callers with the same name or external id exactly one gets it. */
  add(user: ProvisionedUser): Promise<Provisioned>;
  /** Writes what `change` makes of the row as it is at that moment, unless it is that already; what is taken away by it is told to every instance. */
  change(id: string, change: (before: ProvisionedUser) => UserFields, now: number): Promise<Provisioned>;
  /** The same, and the row has another version although nothing may be different: whoever names the one of before comes too late. */
  claim(id: string, change: (before: ProvisionedUser) => UserFields, now: number): Promise<Provisioned>;
  /** Writes the groups that `read` finds. Of several who do so at once the last to write has read what all had changed. */
  regroup(id: string, read: () => Promise<HeldGroup[]>, now: number): Promise<'written' | 'gone'>;
  /** True for the one caller who removed the row. */
  remove(user: ProvisionedUser): Promise<boolean>;
}
