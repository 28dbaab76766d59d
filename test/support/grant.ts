import { sha256 } from '../../src/domain/digest.ts';
import type { Grant } from '../../src/domain/grant.ts';
import { ConnectionId, GrantId, TenantId, UserId } from '../../src/domain/ids.ts';
import { nothingProven } from './assurance.ts';

export const grantId = GrantId.parse('g'.repeat(22));

/** A redeemed grant in its first generation, made at time 0 with an hour to live. */
export function makeGrant(changed: Partial<Grant> = {}): Grant {
  return {
    id: grantId,
    stage: 'live',
    userId: UserId.parse('u_1'),
    tenantId: TenantId.parse('acme'),
    connectionId: ConnectionId.parse('demo'),
    client_id: 'client-1',
    client_name: 'Inspector',
    clientKey: sha256('client-1'),
    resource: 'http://localhost:4000/mcp',
    scope: ['read', 'write'],
    asked: ['read', 'write'],
    offlineAccess: false,
    redirect_uri: 'http://127.0.0.1:9876/callback',
    code_challenge: sha256('v'.repeat(43)),
    assurance: nothingProven,
    generation: 1,
    rotations: [],
    createdAt: 0,
    usedAt: 0,
    expiresAt: 3_600_000,
    absoluteExpiresAt: null,
    ...changed,
  };
}
