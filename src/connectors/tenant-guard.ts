import { LoginRefused } from '../ports/connector.ts';
import { claimAt, type Claims } from './claims.ts';
import type { TenantGuard } from './kinds/profile.ts';

/** Whose accounts a connection is for is read from the verified claims, never from what we asked. Throws `LoginRefused` with `foreign`. */
export function checkGuards(claims: Claims, guards: readonly TenantGuard[]): void {
  for (const guard of guards) {
    const value = claimAt(claims, guard.claim);
    if (value === undefined && guard.optional) continue;
    if (!fits(value, guard))
      throw new LoginRefused('foreign', `tenant: ${guard.claim} ${value === undefined ? 'is missing' : 'is another'}`);
  }
}

function fits(value: unknown, { allowed, shape }: TenantGuard): boolean {
  if (shape === 'members') return namesOf(value).some((name) => allowed === 'any' || allowed.includes(name));
  if (allowed === 'any') return typeof value === 'string' && value !== '';
  return (typeof value === 'string' || typeof value === 'number') && allowed.includes(value);
}

/** A list of names, or an object that has each as a key and perhaps its `id` inside. */
function namesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.filter((entry) => typeof entry === 'string');
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inside]: [string, unknown]) => {
    const id = typeof inside === 'object' && inside !== null && 'id' in inside ? inside.id : undefined;
    return typeof id === 'string' ? [name, id] : [name];
  });
}
