import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Assurance } from '../../src/domain/assurance.ts';
import { ConnectionId, GrantId, TenantId, TransactionId, UserId } from '../../src/domain/ids.ts';
import type { Belonging } from '../../src/domain/next-step.ts';
import { nextStep } from '../../src/domain/next-step.ts';
import type { FrozenRequest, Stage, StageAt, Transaction } from '../../src/domain/transaction.ts';

const id = TransactionId.parse('t'.repeat(22));
const transaction = (stage: Stage): Transaction => ({
  id,
  version: 1,
  browser: 'b',
  request: {} as FrozenRequest,
  stage,
  createdAt: 0,
  expiresAt: 1,
});
const assurance = (mfa: boolean): Assurance => ({ auth_time: null, acr: null, amr: [], mfa, evidence: [] });
const person = (mfa: boolean, askedForMfa = false) => ({
  userId: UserId.parse('u_1'),
  connectionId: ConnectionId.parse('demo'),
  name: null,
  email: null,
  assurance: assurance(mfa),
  askedForMfa,
});
const belongs = (name: string, mfa: boolean): Belonging => ({
  tenant: { id: TenantId.parse(name), name, demand: { mfa }, rules: [], members: [], defaultRole: null },
  roleNames: ['Viewer'],
  permissions: ['read'],
});
const [acme, globex] = [belongs('acme', false), belongs('globex', true)];
const consenting = (changed: Partial<StageAt<'consenting'>> = {}): StageAt<'consenting'> => ({
  at: 'consenting',
  person: person(false),
  tenantId: null,
  notice: null,
  ...changed,
});
const chosen = (name: string) => ({ tenantId: TenantId.parse(name) });

describe('what comes next', () => {
  const grantId = GrantId.parse('g'.repeat(22));
  const approved: Stage = { at: 'approved', person: person(false), tenantId: TenantId.parse('acme'), scope: [], grantId, answeredAt: 0 };
  const connectionId = ConnectionId.parse('demo');

  it.each<[string, Stage, object]>([
    ['before a sign-in', { at: 'choosing', notice: null }, { step: 'choose-connection', notice: null }],
    ['after one that came to nothing', { at: 'choosing', notice: 'unreachable' }, { step: 'choose-connection', notice: 'unreachable' }],
    [
      'back without an answer',
      { at: 'upstream', connectionId, attempt: '', stateDigest: '', previous: null },
      { step: 'choose-connection' },
    ],
    ['while an answer is judged', { at: 'judging', connectionId, previous: null }, { step: 'choose-connection' }],
    ['once approved', approved, { step: 'respond', stage: approved }],
    ['once denied', { at: 'denied', person: person(false) }, { step: 'respond-denied' }],
    ['once stopped', { at: 'stopped' }, { step: 'stopped' }],
  ])('%s', (_, stage, step) => {
    expect(nextStep(transaction(stage), [])).toMatchObject(step);
  });

  it.each<[string, Partial<StageAt<'consenting'>>, Belonging[], object]>([
    ['somebody who belongs nowhere', {}, [], { step: 'no-access' }],
    ['one open tenant', {}, [acme], { step: 'consent', chosen: acme }],
    ['an open one before one that wants more, whatever the order', {}, [globex, acme], { step: 'consent', chosen: acme }],
    ['only one that wants more', {}, [globex], { step: 'prove-second-factor', tenantId: 'globex' }],
    ['more was proven', { person: person(true) }, [globex, acme], { step: 'consent', chosen: globex }],
    ['the one that wants more was chosen', chosen('globex'), [acme, globex], { step: 'prove-second-factor', tenantId: 'globex' }],
    ['chosen and proven', { ...chosen('globex'), person: person(true, true) }, [acme, globex], { step: 'consent', chosen: globex }],
    [
      'asked once and not proven',
      { ...chosen('globex'), person: person(false, true) },
      [globex],
      { step: 'second-factor-unproven', tenant: globex.tenant },
    ],
    ['the upstream could not be asked', { ...chosen('globex'), notice: 'unreachable' }, [globex], { step: 'second-factor-unreachable' }],
    ['the trip came to nothing', { ...chosen('globex'), notice: 'step-up-cancelled' }, [globex], { step: 'second-factor-unproven' }],
    ['one chosen that is not theirs any more', chosen('globex'), [acme], { step: 'consent', chosen: acme }],
    ['one chosen that was never theirs', chosen('initech'), [acme, globex], { step: 'consent', chosen: acme }],
  ])('with %s', (_, changed, belongings, step) => {
    expect(nextStep(transaction(consenting(changed)), belongings)).toMatchObject(step);
  });

  it('never is consent asked for a tenant that is not theirs or wants more than was proven', () => {
    const belongings = fc.subarray([acme, globex, belongs('initech', true)]);
    const tenants = fc.constantFrom(null, 'acme', 'globex', 'initech', 'elsewhere');
    const notices = fc.constantFrom(null, 'step-up-cancelled' as const, 'unreachable' as const, 'changed-meanwhile' as const);
    fc.assert(
      fc.property(belongings, tenants, notices, fc.boolean(), fc.boolean(), (theirs, tenant, notice, mfa, askedForMfa) => {
        const tenantId = tenant === null ? null : TenantId.parse(tenant);
        const step = nextStep(transaction(consenting({ person: person(mfa, askedForMfa), tenantId, notice })), theirs);
        if (step.step !== 'consent') return;
        expect(theirs).toContain(step.chosen);
        expect(step.chosen.tenant.demand.mfa && !mfa).toBe(false);
      }),
    );
  });
});
