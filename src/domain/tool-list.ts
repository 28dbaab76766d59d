import { isObject } from './json-rpc.ts';

/**
 * A `tools/list` answer with only the tools that `shown` lets through; anything that is not a list of named tools becomes an empty one.
 * A list made for one caller is never shared. MCP 2026-07-28 caching, "Cache Scope".
 */
export function filterToolList(result: Record<string, unknown>, shown: (name: string) => boolean): Record<string, unknown> {
  const listed = Array.isArray(result['tools']) ? (result['tools'] as unknown[]) : [];
  const tools = listed.filter((tool) => isObject(tool) && typeof tool['name'] === 'string' && shown(tool['name']));
  const cached = 'cacheScope' in result || 'ttlMs' in result;
  return { ...result, tools, ...(cached ? { cacheScope: 'private' } : {}) };
}
