import { describe, expect, it } from '@jest/globals';
import { assuranceFrom } from '../../src/domain/assurance.ts';
import type { AssuranceDemand } from '../../src/domain/assurance-demand.ts';
import { noDemand } from '../../src/domain/assurance-demand.ts';
import { ConnectionId, TenantId, TransactionId, UserId } from '../../src/domain/ids.ts';
import type { Belonging } from '../../src/domain/next-step.ts';
import { nextStep } from '../../src/domain/next-step.ts';
import type { Person } from '../../src/domain/person.ts';
import type { Resource } from '../../src/domain/resource.ts';
import { raise } from '../../src/domain/local-evidence.ts';
import type { FrozenRequest, StageAt } from '../../src/domain/transaction.ts';
import { afterFailedTrip } from '../../src/domain/transaction.ts';
import { nothingProven } from '../support/assurance.ts';
import { makeResource } from '../support/gateway-world.ts';

const now = 1_700_000_000_000;
const mfa: AssuranceDemand = { ...noDemand, mfa: true };
const at = (auth_time: number) => assuranceFrom({ auth_time }, { acr: [], amr: [] });
const fresh = at(now / 1000);
const old = at(now / 1000 - 3600);

const person = (changed: Partial<Person> = {}): Person => ({
  userId: UserId.parse('u_1'),
  connectionId: ConnectionId.parse('demo'),
  name: null,
  email: null,
  assurance: fresh,
  asked: mfa,
  ...changed,
});
const stage = (changed: Partial<StageAt<'consenting'>> = {}): StageAt<'consenting'> => ({
  at: 'consenting',
  person: person(),
  tenantId: TenantId.parse('globex'),
  notice: null,
  ...changed,
});
const globex = (demand: AssuranceDemand = mfa, ownSecondFactor = true): Belonging => ({
  tenant: { id: TenantId.parse('globex'), name: 'Globex', demand, ownSecondFactor, rules: [], members: [], defaultRole: null },
  roleNames: ['Viewer'],
  permissions: ['notes.read', 'notes.write'],
});
const resource = makeResource('http://localhost:4000/mcp', 'http://localhost:4002/mcp');

interface Case {
  readonly stage?: Partial<StageAt<'consenting'>>;
  readonly belongings?: readonly Belonging[];
  readonly isEnrolled?: boolean;
  readonly resource?: Partial<Resource>;
}

function stepOf({ stage: changed = {}, belongings = [globex()], isEnrolled = false, resource: with_ = {} }: Case) {
  const request = { scope: ['notes:read', 'notes:write'], demand: noDemand } as unknown as FrozenRequest;
  const id = TransactionId.parse('t'.repeat(22));
  const transaction = { id, version: 1, browser: 'b', request, stage: stage(changed), createdAt: 0, expiresAt: 1 };
  return nextStep(transaction, { belongings, resource: { ...resource, ...with_ }, isEnrolled, now });
}

const enrolment = { step: 'own-factor', ask: 'enrolment', isOptional: false };
const code = { step: 'own-factor', ask: 'code', isOptional: false };
const again = { step: 'prove-more', wanted: { demand: { ...noDemand, maxAge: 600 }, afresh: true, optional: true } };
const raised = person({ assurance: raise(fresh, 'totp', now), ownFactor: 'e' });
const tooOld = { step: 'unproven', lacks: ['recent sign-in'] };

describe('our own second factor', () => {
  it.each<[string, Case, object]>([
    [
      'the upstream is asked first',
      { stage: { person: person({ asked: noDemand }) } },
      { step: 'prove-more', wanted: { demand: mfa, optional: true } },
    ],
    ['not proven there: its code', { isEnrolled: true }, code],
    ['not proven, nobody enrolled: enrolment', {}, enrolment],
    ['the upstream said no', { stage: { notice: 'step-up-cancelled', person: person({ asked: noDemand }) } }, enrolment],
    ['the upstream could not be asked', { stage: { notice: 'unreachable' } }, { step: 'proof-unreachable' }],
    ['off', { belongings: [globex(mfa, false)], isEnrolled: true }, { step: 'unproven', lacks: ['second factor'] }],
    ['proven by it', { stage: { person: raised }, isEnrolled: true }, { step: 'consent' }],
    ['recovery codes still to be saved', { stage: { person: raised, isSaving: true } }, { step: 'save-codes' }],
    ['declined', { stage: { isDeclined: true }, isEnrolled: true }, { step: 'unproven', lacks: ['second factor'] }],
    ['a code on an old sign-in', { stage: { person: person({ assurance: old }) }, isEnrolled: true }, code],
    ['enrolment on an old sign-in: afresh', { stage: { person: person({ assurance: old }) } }, again],
    ['enrolment, nobody says when: afresh', { stage: { person: person({ assurance: nothingProven }) } }, again],
    ['asked afresh, still nobody says when', { stage: { person: person({ assurance: nothingProven, afresh: 'answered' }) } }, enrolment],
    ['asked afresh, still old', { stage: { person: person({ assurance: old, afresh: 'answered' }) } }, tooOld],
    ['asked afresh in vain', { stage: { person: person({ assurance: nothingProven, afresh: 'failed' }) } }, tooOld],
    [
      'never phishing-resistant',
      {
        belongings: [globex({ ...mfa, phishingResistant: true })],
        isEnrolled: true,
        stage: { person: person({ asked: { ...mfa, phishingResistant: true } }) },
      },
      { step: 'unproven', lacks: ['phishing-resistant sign-in'] },
    ],
    [
      'no cure for an old sign-in',
      {
        belongings: [globex({ ...mfa, maxAge: 60 })],
        isEnrolled: true,
        stage: { person: person({ assurance: old, asked: { ...mfa, maxAge: 60 } }) },
      },
      tooOld,
    ],
    ['nobody is asked for what nobody demands', { belongings: [globex(noDemand)], isEnrolled: true }, { step: 'consent' }],
    ['what the resource demands', { belongings: [globex(noDemand)], resource: { demand: mfa }, isEnrolled: true }, code],
  ])('%s', (_, given, step) => {
    expect(stepOf(given)).toMatchObject(step);
  });

  const scopes = resource.scopes.map((scope) => (scope.name === 'notes:write' ? { ...scope, demand: mfa } : scope));
  const open = { belongings: [globex(noDemand)], resource: { scopes }, isEnrolled: true };
  it.each<[string, Case, object]>([
    ['asked for', open, { ...code, isOptional: true }],
    ['declined: with less', { ...open, stage: { isDeclined: true } }, { step: 'consent', offered: ['notes:read'] }],
    ['given', { ...open, stage: { person: raised } }, { step: 'consent', offered: ['notes:read', 'notes:write'] }],
  ])('for a scope, %s', (_, given, step) => {
    expect(stepOf(given)).toMatchObject(step);
  });

  it('a trip for a fresh sign-in that came to nothing is remembered, and is not made again', () => {
    const trip = { demand: { ...noDemand, maxAge: 600 }, optional: true, afresh: true };
    const before = stage({ person: person({ assurance: old }) });
    expect(afterFailedTrip(before, 'cancelled', trip)).toMatchObject({ person: { afresh: 'failed', asked: { mfa: true, maxAge: 600 } } });
    const after = afterFailedTrip(before, 'cancelled', trip);
    expect(stepOf({ stage: after as StageAt<'consenting'> })).toMatchObject(tooOld);
  });
});
