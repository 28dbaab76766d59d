import { describe, expect, it } from '@jest/globals';
import { assuranceFrom } from '../../src/domain/assurance.ts';
import type { AssuranceDemand } from '../../src/domain/assurance-demand.ts';
import { noDemand } from '../../src/domain/assurance-demand.ts';
import { ConnectionId, TenantId, TransactionId, UserId } from '../../src/domain/ids.ts';
import type { Belonging } from '../../src/domain/next-step.ts';
import { nextStep } from '../../src/domain/next-step.ts';
import type { OwnWay } from '../../src/domain/own-ask.ts';
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
  readonly holds?: readonly OwnWay[];
  readonly takesPasskeys?: boolean;
  readonly resource?: Partial<Resource>;
}

function stepOf({ stage: changed = {}, belongings = [globex()], isEnrolled = false, resource: with_ = {}, ...own }: Case) {
  const request = { scope: ['notes:read', 'notes:write'], demand: noDemand } as unknown as FrozenRequest;
  const id = TransactionId.parse('t'.repeat(22));
  const transaction = { id, version: 1, browser: 'b', request, stage: stage(changed), createdAt: 0, expiresAt: 1 };
  return nextStep(transaction, { belongings, resource: { ...resource, ...with_ }, isEnrolled, ...own, now });
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
      'never phishing-resistant where there are no passkeys',
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

  const phr: AssuranceDemand = { ...mfa, phishingResistant: true };
  const asked = (changed: Partial<Person> = {}) => ({ person: person({ asked: phr, ...changed }) });
  const strict = { belongings: [globex(phr)], takesPasskeys: true, stage: asked() };
  const enrolled = { isEnrolled: true, takesPasskeys: true };
  const byApp = { assurance: raise(fresh, 'totp', now), ownFactor: 'e' };
  const oldByApp = { assurance: raise(old, 'totp', now), ownFactor: 'e' };
  const provenByUpstream = assuranceFrom({ auth_time: now / 1000, amr: ['mfa'] }, { acr: [], amr: ['mfa'] });
  const useIt = { step: 'own-factor', ask: 'code', ways: ['passkey'], resists: true };
  const addOne = { step: 'own-factor', ask: 'passkey-too', ways: ['passkey'], resists: true };

  it.each<[string, Case, object]>([
    [
      'a second factor, nobody enrolled: either way',
      { takesPasskeys: true },
      { ask: 'enrolment', ways: ['app', 'passkey'], resists: false },
    ],
    ['a second factor, no passkeys at this address', {}, { ask: 'enrolment', ways: ['app'], resists: false }],
    ['a second factor, an app', { ...enrolled, holds: ['app'] }, { ask: 'code', ways: ['app'], resists: false }],
    ['a second factor, a passkey', { ...enrolled, holds: ['passkey'] }, { ask: 'code', ways: ['passkey'], resists: false }],
    ['a second factor, both', { ...enrolled, holds: ['app', 'passkey'] }, { ask: 'code', ways: ['app', 'passkey'], resists: false }],
    ['a second factor, a passkey of an address that had a name', { isEnrolled: true, holds: ['passkey'] }, { ask: 'code', ways: [] }],
    ['uncopied, nobody enrolled: a passkey', strict, { ask: 'enrolment', ways: ['passkey'], resists: true }],
    ['uncopied, nobody enrolled, an old sign-in: afresh', { ...strict, stage: asked({ assurance: old }) }, again],
    ['uncopied, an app: its code first', { ...strict, ...enrolled, holds: ['app'] }, { ...code, ways: ['app'], resists: false }],
    ['uncopied, an app that was proven: a passkey too', { ...strict, ...enrolled, holds: ['app'], stage: asked(byApp) }, addOne],
    ['uncopied, an app proven on an old sign-in: afresh', { ...strict, ...enrolled, holds: ['app'], stage: asked(oldByApp) }, again],
    [
      'uncopied, an app proven on an old sign-in, asked afresh in vain',
      { ...strict, ...enrolled, holds: ['app'], stage: asked({ ...oldByApp, afresh: 'failed' }) },
      tooOld,
    ],
    ['uncopied, a passkey: that', { ...strict, ...enrolled, holds: ['passkey'] }, useIt],
    [
      'uncopied, both: the passkey, also on an old sign-in',
      { ...strict, ...enrolled, holds: ['app', 'passkey'], stage: asked({ assurance: old }) },
      useIt,
    ],
    [
      'uncopied, both, and the code was typed: the passkey',
      { ...strict, ...enrolled, holds: ['app', 'passkey'], stage: asked(byApp) },
      useIt,
    ],
    [
      'uncopied, the upstream proved a second factor',
      { ...strict, ...enrolled, holds: ['passkey'], stage: asked({ assurance: provenByUpstream }) },
      useIt,
    ],
    [
      'proven by a passkey',
      { ...strict, ...enrolled, stage: asked({ assurance: raise(fresh, 'passkey', now), ownFactor: 'e' }) },
      { step: 'consent' },
    ],
    [
      'uncopied, declined',
      { ...strict, ...enrolled, holds: ['passkey'], stage: { ...asked(), isDeclined: true } },
      { step: 'unproven', lacks: ['second factor', 'phishing-resistant sign-in'] },
    ],
    [
      'uncopied, no passkeys at this address',
      { ...strict, takesPasskeys: false },
      { step: 'unproven', lacks: ['phishing-resistant sign-in'] },
    ],
    [
      'uncopied, off',
      { ...strict, ...enrolled, holds: ['passkey'], belongings: [globex(phr, false)] },
      { step: 'unproven', lacks: ['second factor', 'phishing-resistant sign-in'] },
    ],
    [
      'uncopied and recent: no cure for an old sign-in',
      {
        ...strict,
        ...enrolled,
        holds: ['passkey'],
        belongings: [globex({ ...phr, maxAge: 60 })],
        stage: asked({ assurance: old, asked: { ...phr, maxAge: 60 } }),
      },
      tooOld,
    ],
  ])('with passkeys: %s', (_, given, step) => {
    expect(stepOf(given)).toMatchObject(step);
  });

  const strictScopes = resource.scopes.map((scope) => (scope.name === 'notes:write' ? { ...scope, demand: phr } : scope));
  const strictOpen = { belongings: [globex(noDemand)], resource: { scopes: strictScopes }, takesPasskeys: true, stage: asked() };
  it.each<[string, Case, object]>([
    ['a passkey is set up', strictOpen, { ask: 'enrolment', ways: ['passkey'], isOptional: true }],
    ['a passkey is used', { ...strictOpen, ...enrolled, holds: ['passkey'] }, { ...useIt, isOptional: true }],
    ['a passkey is added', { ...strictOpen, ...enrolled, holds: ['app'], stage: asked(byApp) }, { ...addOne, isOptional: true }],
    [
      'it is declined: with less',
      { ...strictOpen, ...enrolled, stage: { ...asked(), isDeclined: true } },
      { step: 'consent', offered: ['notes:read'] },
    ],
  ])('for a scope that wants it uncopied, %s', (_, given, step) => {
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
