import type { Assurance } from './assurance.ts';
import type { AssuranceDemand } from './assurance-demand.ts';
import type { ClientId, GrantId, RoleId, TenantId, UserId } from './ids.ts';

/** What a live grant amounts to at this moment: who, where, through which client, and what the person may do there now. */
export interface Standing {
  readonly grantId: GrantId;
  /** Whose sign-in it came from, by `identityKey`. */
  readonly identityId: string;
  readonly client: { readonly id: ClientId; readonly name: string };
  readonly user: { readonly id: UserId; readonly name: string | null; readonly email: string | null };
  readonly tenant: { readonly id: TenantId; readonly name: string };
  readonly roles: readonly { readonly id: RoleId; readonly name: string }[];
  /** When one of the roles ends by itself (ms since the epoch); null when none does. */
  readonly endsAt: number | null;
  /** Since when (ms) the connection has not told again what the roles come from; absent where it told all of it the last time. */
  readonly toldAt?: number;
  /** The union over the roles, computed now. */
  readonly permissions: readonly string[];
  /** Resource identifier the grant is for. */
  readonly resource: string;
  /** Scopes the person approved. */
  readonly scope: readonly string[];
  /** What the sign-in behind the grant proved. */
  readonly assurance: Assurance;
  /** What the tenant and the resource want proven now, whatever the grant is used for. */
  readonly demand: AssuranceDemand;
}
