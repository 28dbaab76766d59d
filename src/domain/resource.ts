import type { AssuranceDemand } from './assurance-demand.ts';
import type { RoleId, TenantId } from './ids.ts';

/** One protected MCP server, as configured. RFC 8707, RFC 9728. */
export interface Resource {
  readonly id: string;
  /** The identifier URL clients see, byte for byte: `aud` of tokens and `resource` of the metadata. */
  readonly identifier: string;
  /** The one tenant that is served here, where the identifier is the address of a tenant. */
  readonly onlyTenant?: TenantId;
  /** Where requests are forwarded. */
  readonly upstream: string;
  /** Answered by this very server: nothing is forwarded, and nobody means it without naming it. */
  readonly isOwn?: true;
  readonly name: string;
  readonly isDefault: boolean;
  /** Scopes named in the protected-resource metadata and in a first challenge. */
  readonly baseline: readonly string[];
  readonly scopes: readonly ResourceScope[];
  /** Tools by name; a tool that is not listed is refused. */
  readonly tools: ReadonlyMap<string, ToolRule>;
  readonly redirects: RedirectPolicy;
  readonly buttons: { readonly approve: string; readonly deny: string };
  readonly lifetimes: Lifetimes;
  /** What has to be proven for any use; absent where a sign-in is enough. */
  readonly demand?: AssuranceDemand;
}

export interface ResourceScope {
  readonly name: string;
  /** A verb phrase for people: "Look at notes". */
  readonly title: string;
  readonly note: string;
  /** True when it lets an app change data: then it is never ticked beforehand. */
  readonly changes: boolean;
  /** What a role must hold for this scope to be given. */
  readonly permissions: readonly string[];
  /** What has to be proven for it, beside what the resource wants. */
  readonly demand?: AssuranceDemand;
}

export interface ToolRule {
  readonly scopes: readonly string[];
  readonly permissions: readonly string[];
  /** What is enough to call it on what is one's own; absent where the tool makes no such difference. */
  readonly ownPermissions?: readonly string[];
  /** What has to be proven to call it, beside what the resource and its scopes want. */
  readonly demand?: AssuranceDemand;
}

export interface RedirectPolicy {
  readonly policy: 'allow-list' | 'open';
  /** Exact URIs, or a prefix ending in `*` below an https path. Loopback addresses are always possible. */
  readonly allow: readonly string[];
}

/** All in seconds. */
export interface Lifetimes {
  readonly accessToken: number;
  readonly refreshIdle: number;
  readonly refreshAbsolute: number | null;
  readonly refreshGrace: number;
}

export interface Role {
  readonly id: RoleId;
  readonly name: string;
  readonly permissions: readonly string[];
}

/** Every permission that decides about something here: what its server is told of. */
export const vocabularyOf = ({ scopes, tools }: Resource): ReadonlySet<string> =>
  new Set([
    ...scopes.flatMap(({ permissions }) => permissions),
    ...[...tools.values()].flatMap(({ permissions, ownPermissions = [] }) => [...permissions, ...ownPermissions]),
  ]);

/** Comparable form of a resource indicator: scheme and host lowercased, default port dropped, `https://h` and `https://h/` equal, the path exact. RFC 8707 §2. */
function comparable(indicator: string): string | null {
  if (indicator.length > 2000 || indicator.includes('#') || /[\s\\]/.test(indicator) || !URL.canParse(indicator)) return null;
  const url = new URL(indicator);
  if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return null;
  const path = /^https?:\/\/[^/?]*([^?]*)/i.exec(indicator)?.[1] ?? '';
  return `${url.protocol}//${url.host}${path === '/' ? '' : path}${url.search}`;
}

/** Addresses of tenants stand below this path. */
export const tenantPaths = '/t/';

/** The same server at the address of one tenant: a resource of its own, whose tokens are good nowhere else. RFC 8707 §2, RFC 9728 §3.1. */
export function atTenant(resource: Resource, tenantId: TenantId): Resource {
  const { origin } = new URL(resource.identifier);
  const path = resource.identifier.slice(origin.length);
  return { ...resource, identifier: `${origin}${tenantPaths}${tenantId}${path}`, isDefault: false, onlyTenant: tenantId };
}

/**
 * The resource a request means. Without an indicator it is the default one; a bare origin means the only resource on that
 * origin, and never a tenant's; null is `invalid_target`.
 */
export function matchResource(resources: readonly Resource[], indicator: string | null): Resource | null {
  if (indicator === null) return resources.find((resource) => resource.isDefault) ?? null;
  const spelled = resources.find(({ identifier }) => identifier === indicator);
  if (spelled !== undefined) return spelled;
  const asked = comparable(indicator);
  if (asked === null) return null;
  const exact = resources.find((resource) => comparable(resource.identifier) === asked);
  if (exact !== undefined) return exact;
  const isMeant = ({ identifier, onlyTenant, isOwn }: Resource) =>
    onlyTenant === undefined && isOwn !== true && new URL(identifier).origin === asked;
  const onOrigin = resources.filter(isMeant);
  return onOrigin.length === 1 ? (onOrigin[0] ?? null) : null;
}
