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

/** A list of names, or an object that has each as a key. What an object says inside is another matter: an id may look like a name. */
function namesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.filter((entry) => typeof entry === 'string');
  return typeof value === 'object' && value !== null ? Object.keys(value) : [];
}
