import { describe, expect, it } from '@jest/globals';
import { ConnectionId, TenantId, TransactionId, UserId } from '../../src/domain/ids.ts';
import type { FrozenRequest, Stage, StageAt, Transaction } from '../../src/domain/transaction.ts';
import { Stage as StageShape, advance, afterFailedTrip } from '../../src/domain/transaction.ts';

const assurance = { auth_time: null, acr: null, amr: [], mfa: false, evidence: [] };
const person = {
  userId: UserId.parse('u_1'),
  connectionId: ConnectionId.parse('demo'),
  name: null,
  email: null,
  assurance,
  askedForMfa: false,
};
const consenting: StageAt<'consenting'> = { at: 'consenting', person, tenantId: TenantId.parse('acme'), notice: null };

describe('a transaction', () => {
  it('moves on by one version and changes nothing but its stage', () => {
    const id = TransactionId.parse('t'.repeat(22));
    const before: Transaction = {
      id,
      version: 3,
      browser: 'b',
      request: {} as FrozenRequest,
      stage: consenting,
      createdAt: 1,
      expiresAt: 2,
    };
    const after = advance(before, { at: 'stopped' });
    expect(after).toEqual({ ...before, version: 4, stage: { at: 'stopped' } });
    expect(before.stage).toBe(consenting);
  });

  it.each<[string, StageAt<'consenting'> | null, 'unreachable' | 'cancelled', Stage]>([
    ['nobody had signed in and the upstream is away', null, 'unreachable', { at: 'choosing', notice: 'unreachable' }],
    ['nobody had signed in and the person said no', null, 'cancelled', { at: 'choosing', notice: 'sign-in-cancelled' }],
    ['somebody had and the upstream is away', consenting, 'unreachable', { ...consenting, tenantId: null, notice: 'unreachable' }],
    ['somebody had and said no to more', consenting, 'cancelled', { ...consenting, tenantId: null, notice: 'step-up-cancelled' }],
  ])('goes back when a trip came to nothing: %s', (_, previous, because, stage) => {
    expect(afterFailedTrip(previous, because)).toEqual(stage);
    expect(StageShape.parse(afterFailedTrip(previous, because))).toEqual(stage);
  });
});
