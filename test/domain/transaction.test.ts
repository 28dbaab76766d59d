import { describe, expect, it } from '@jest/globals';
import { ConnectionId, TenantId, TransactionId, UserId } from '../../src/domain/ids.ts';
import type { FrozenRequest, Stage, StageAt, Transaction } from '../../src/domain/transaction.ts';
import { Stage as StageShape, advance, afterFailedTrip } from '../../src/domain/transaction.ts';
import { nothingProven, secondFactor } from '../support/assurance.ts';
import { noDemand } from '../../src/domain/assurance-demand.ts';

const person = {
  userId: UserId.parse('u_1'),
  connectionId: ConnectionId.parse('demo'),
  name: null,
  email: null,
  assurance: nothingProven,
  asked: noDemand,
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
    expect(afterFailedTrip(previous, because, secondFactor)).toEqual(stage);
    expect(StageShape.parse(afterFailedTrip(previous, because, secondFactor))).toEqual(stage);
  });

  it('keeps the workspace, and that it was asked, when the person can go on without the proof', () => {
    const stage = afterFailedTrip(consenting, 'cancelled', { ...secondFactor, optional: true });
    expect(stage).toEqual({ ...consenting, person: { ...person, asked: secondFactor.demand }, notice: 'step-up-cancelled' });
    expect(StageShape.parse(stage)).toEqual(stage);
  });

  it('that was stored before demands were known is read, and claims nothing', () => {
    const { asked: _asked, assurance, ...known } = person;
    const { authTimeSource: _source, amrAsSaid: _raw, phishingResistant: _strong, ...plain } = assurance;
    const stored = { ...consenting, person: { ...known, assurance: { ...plain, mfa: true }, askedForMfa: true } };
    expect(StageShape.parse(stored)).toEqual({ ...consenting, person: { ...person, assurance: { ...assurance, mfa: true } } });
  });
});
