/** `legacy` has sessions and a handshake (up to 2025-11-25), `modern` carries everything in each request (from 2026-07-28). */
export type Era = 'legacy' | 'modern';

export const LEGACY_VERSIONS: readonly string[] = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'];
export const MODERN_VERSIONS: readonly string[] = ['2026-07-28'];

/** What a method needs beside a living grant: nothing, the resource's baseline scopes, or what its tool's rule says. */
export type MethodNeeds = 'nothing' | 'baseline' | 'tool';

export interface MethodRule {
  readonly eras: readonly Era[];
  readonly needs: MethodNeeds;
  /** The member of `params` that `Mcp-Name` repeats. MCP 2026-07-28 transports, "Standard Request Headers". */
  readonly named: 'name' | 'uri' | null;
}

const BOTH: readonly Era[] = ['legacy', 'modern'];
const LEGACY: readonly Era[] = ['legacy'];
const MODERN: readonly Era[] = ['modern'];

const REQUESTS: ReadonlyMap<string, MethodRule> = new Map<string, MethodRule>([
  ['initialize', { eras: LEGACY, needs: 'nothing', named: null }],
  ['ping', { eras: LEGACY, needs: 'nothing', named: null }],
  ['server/discover', { eras: MODERN, needs: 'nothing', named: null }],
  ['tools/list', { eras: BOTH, needs: 'nothing', named: null }],
  ['tools/call', { eras: BOTH, needs: 'tool', named: 'name' }],
  ['prompts/list', { eras: BOTH, needs: 'baseline', named: null }],
  ['prompts/get', { eras: BOTH, needs: 'baseline', named: 'name' }],
  ['resources/list', { eras: BOTH, needs: 'baseline', named: null }],
  ['resources/templates/list', { eras: BOTH, needs: 'baseline', named: null }],
  ['resources/read', { eras: BOTH, needs: 'baseline', named: 'uri' }],
  ['resources/subscribe', { eras: LEGACY, needs: 'baseline', named: null }],
  ['resources/unsubscribe', { eras: LEGACY, needs: 'baseline', named: null }],
  ['completion/complete', { eras: BOTH, needs: 'baseline', named: null }],
  ['logging/setLevel', { eras: LEGACY, needs: 'nothing', named: null }],
  ['subscriptions/listen', { eras: MODERN, needs: 'baseline', named: null }],
]);

const NOTIFICATIONS: ReadonlyMap<string, readonly Era[]> = new Map([
  ['notifications/initialized', LEGACY],
  ['notifications/roots/list_changed', LEGACY],
  ['notifications/progress', BOTH],
  ['notifications/cancelled', BOTH],
]);

/** Null is a refusal: what is not listed does not exist here, tasks included, since a task's owner cannot be told from its id. */
export function requestRule(method: string, era: Era): MethodRule | null {
  const rule = REQUESTS.get(method);
  return rule?.eras.includes(era) === true ? rule : null;
}

export function isNotification(method: string, era: Era): boolean {
  return NOTIFICATIONS.get(method)?.includes(era) ?? false;
}
