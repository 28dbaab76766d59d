import { ClientId, GrantId, RoleId, TenantId, UserId } from '../../src/domain/ids.ts';
import type { Resource } from '../../src/domain/resource.ts';
import type { Standing } from '../../src/domain/standing.ts';

/** A notes server with a read, a write and an administrators' scope. */
export function makeResource(identifier: string, upstream: string): Resource {
  const scope = (name: string, permissions: string[], changes: boolean) => ({ name, title: name, note: '', changes, permissions });
  return {
    id: 'notes',
    identifier,
    upstream,
    name: 'Notes',
    isDefault: true,
    baseline: ['notes:read'],
    scopes: [
      scope('notes:read', ['notes.read'], false),
      scope('notes:write', ['notes.write'], true),
      scope('notes:export', ['notes.write'], true),
    ],
    tools: new Map([
      ['whoami', { scopes: ['notes:read'], permissions: [] }],
      ['list_notes', { scopes: ['notes:read'], permissions: ['notes.read'] }],
      ['add_note', { scopes: ['notes:write'], permissions: ['notes.write'] }],
      ['export_notes', { scopes: ['notes:write', 'notes:export'], permissions: [] }],
      ['delete_notes', { scopes: ['notes:write'], permissions: ['notes.delete'] }],
    ]),
    redirects: { policy: 'open', allow: [] },
    buttons: { approve: 'Allow', deny: 'Cancel' },
    lifetimes: { accessToken: 3600, refreshIdle: 3600, refreshAbsolute: null, refreshGrace: 120 },
  };
}

export const GRANT = GrantId.parse('g'.repeat(22));
export const OTHER_GRANT = GrantId.parse('h'.repeat(22));

export function makeStanding(resource: Resource, changed: Partial<Standing> = {}): Standing {
  return {
    grantId: GRANT,
    client: { id: ClientId.parse('client-1'), name: 'Inspector' },
    user: { id: UserId.parse('user-1'), name: 'Ana', email: null },
    tenant: { id: TenantId.parse('acme'), name: 'Acme' },
    roles: [{ id: RoleId.parse('viewer'), name: 'viewer' }],
    permissions: ['notes.read'],
    resource: resource.identifier,
    scope: ['notes:read'],
    assurance: { auth_time: null, acr: null, amr: [], mfa: false, evidence: [] },
    ...changed,
  };
}
