import { describe, expect, it } from '@jest/globals';
import { acrOf } from '../../src/domain/acr.ts';
import { assuranceFrom } from '../../src/domain/assurance.ts';
import { noDemand } from '../../src/domain/assurance-demand.ts';
import { ConnectionId, UserId } from '../../src/domain/ids.ts';
import type { Person } from '../../src/domain/person.ts';
import type { SecondFactor } from '../../src/domain/second-factor.ts';
import { isFresh, isRaised, keepOurs, raise } from '../../src/domain/local-evidence.ts';
import { judgeAnswer, matchingStep, recoveryCodeFrom, recoveryDigest } from '../../src/domain/second-factor.ts';
import { nothingProven } from '../support/assurance.ts';

const now = 1_700_000_010_000;
const step = Math.floor(now / 30_000);
/** A code that says of which step it is. */
const codeAt = (at: number): string => String(at % 1_000_000).padStart(6, '0');
const codes = ['ABCD-EFGH-JKLM-NPQR', '2345-6789-ABCD-EFGH'];
const factor = (changed: Partial<SecondFactor> = {}): SecondFactor => ({
  id: UserId.parse('u_1'),
  enrolment: 'e',
  version: 3,
  sealed: 's',
  lastStep: step - 10,
  recovery: codes.map(recoveryDigest),
  passkeys: [],
  failures: 0,
  lockedUntil: 0,
  enrolledAt: 0,
  ...changed,
});
const judge = (typed: string, changed: Partial<SecondFactor> = {}) => judgeAnswer(factor(changed), typed, codeAt, now);

describe('an answer', () => {
  const right = (lastStep: number) => ({ verdict: 'right', by: 'totp', change: { version: 4, lastStep, failures: 0, lockedUntil: 0 } });
  const wrong = { verdict: 'wrong', change: { version: 4, lastStep: step - 10, failures: 1, lockedUntil: now } };

  it.each<[string, string, Partial<SecondFactor>, object]>([
    ['the code of now', codeAt(step), {}, right(step)],
    ['spaced as phones show it', ` ${codeAt(step).slice(0, 3)} ${codeAt(step).slice(3)} `, {}, right(step)],
    ['one step behind', codeAt(step - 1), {}, right(step - 1)],
    ['one step ahead', codeAt(step + 1), {}, right(step + 1)],
    ['two steps behind', codeAt(step - 2), {}, wrong],
    ['two steps ahead', codeAt(step + 2), {}, wrong],
    ['the code that was taken last', codeAt(step), { lastStep: step }, { verdict: 'wrong' }],
    ['one of before the code that was taken last', codeAt(step - 1), { lastStep: step }, { verdict: 'wrong' }],
    ['the next one after it', codeAt(step + 1), { lastStep: step }, right(step + 1)],
    ['nothing', '', {}, wrong],
    ['the digest of a recovery code', recoveryDigest(codes[0] ?? ''), {}, wrong],
    ['a right one while it is locked', codeAt(step), { lockedUntil: now + 1 }, { verdict: 'locked' }],
    ['a recovery code while it is locked', codes[0] ?? '', { lockedUntil: now + 1 }, { verdict: 'locked' }],
    ['a right one at the end of the lock', codeAt(step), { failures: 9, lockedUntil: now }, right(step)],
  ])('%s', (_, typed, changed, verdict) => {
    expect(judge(typed, changed)).toMatchObject(verdict);
  });

  it.each(['ABCD-EFGH-JKLM-NPQR', 'abcdefghjklmnpqr', ' abcd efgh‑jklm–npqr '])(
    '%s is a recovery code however it is typed, once',
    (typed) => {
      const judged = judge(typed, { failures: 3 });
      expect(judged).toMatchObject({
        verdict: 'right',
        by: 'recovery code',
        change: { recovery: [recoveryDigest(codes[1] ?? '')], failures: 0 },
      });
      expect(judge(typed, judged.verdict === 'right' ? judged.change : {})).toMatchObject({ verdict: 'wrong' });
    },
  );

  it.each([
    [1, 0],
    [4, 0],
    [5, 1],
    [6, 2],
    [7, 4],
    [10, 32],
    [11, 60],
    [1000, 60],
  ])('wrong for the %dth time in a row locks for %d minutes', (failures, minutes) => {
    const judged = judge('000000', { failures: failures - 1 });
    expect(judged).toMatchObject({ verdict: 'wrong', change: { failures, lockedUntil: now + minutes * 60_000 } });
  });

  it('matches the later of two steps with one code, so that it is not good again', () => {
    expect(matchingStep('111111', () => '111111', now)).toBe(step + 1);
  });
});

describe('recovery codes', () => {
  it('have four groups of letters that do not look like others, one for each five bits', () => {
    const code = recoveryCodeFrom(Uint8Array.from({ length: 16 }, (_, index) => index * 17));
    expect(code).toMatch(/^([2-9A-HJ-NP-Z]{4}-){3}[2-9A-HJ-NP-Z]{4}$/);
    const all = new Set(Array.from({ length: 256 }, (_, byte) => recoveryCodeFrom(new Uint8Array(16).fill(byte))));
    expect(all.size).toBe(32);
  });
});

describe('what it proves', () => {
  it('is a second factor and nothing that could not be phished [Q-MFA-16]', () => {
    const raised = raise(nothingProven, 'totp', now);
    expect(raised).toMatchObject({ mfa: true, phishingResistant: false, evidence: ['local totp'], amr: ['otp'] });
    expect(acrOf(raised)).toBe('urn:drawbridge:acr:mfa');
    expect(raise(nothingProven, 'recovery code', now)).toMatchObject({ mfa: true, evidence: ['local recovery code'], amr: [] });
    expect([isRaised(raised), isRaised(nothingProven)]).toEqual([true, false]);
    expect(isRaised(assuranceFrom({ amr: ['mfa'] }, { acr: [], amr: ['mfa'] }))).toBe(false);
  });

  it('makes no sign-in younger that has a time, and gives one to a sign-in that has none', () => {
    const old = assuranceFrom({ auth_time: 7 }, { acr: [], amr: [] });
    expect(raise(old, 'totp', now)).toMatchObject({ auth_time: 7, authTimeSource: 'id_token' });
    expect(raise(nothingProven, 'totp', now)).toMatchObject({ auth_time: now / 1000, authTimeSource: 'local_factor' });
  });

  const person = (changed: Partial<Person> = {}): Person => ({
    userId: UserId.parse('u_1'),
    connectionId: ConnectionId.parse('demo'),
    name: null,
    email: null,
    assurance: nothingProven,
    asked: noDemand,
    ...changed,
  });
  const at = (auth_time: number) => assuranceFrom({ auth_time }, { acr: [], amr: [] });

  it('stays through another trip of the same person, with the younger time', () => {
    const before = person({ assurance: raise(nothingProven, 'totp', now), ownFactor: 'e', afresh: 'answered' });
    expect(keepOurs(before, person())).toEqual(before);
    expect(keepOurs(before, person({ assurance: at(9) })).assurance).toMatchObject({ mfa: true, auth_time: 9, authTimeSource: 'id_token' });
    expect(keepOurs(person(), person())).toEqual(person());
    expect(keepOurs(null, person())).toEqual(person());
  });

  it.each<[string, Partial<Person>, boolean]>([
    ['just now', { assurance: at(now / 1000) }, true],
    ['ten minutes ago', { assurance: at(now / 1000 - 600) }, true],
    ['longer ago', { assurance: at(now / 1000 - 601) }, false],
    ['longer ago, though asked afresh', { assurance: at(now / 1000 - 601), afresh: 'answered' }, false],
    ['in the future', { assurance: at(now / 1000 + 601) }, false],
    ['nobody says when', {}, false],
    ['nobody says when, asked afresh', { afresh: 'answered' }, true],
    ['nobody says when, asked afresh in vain', { afresh: 'failed' }, false],
    ['only our own factor says when', { assurance: raise(nothingProven, 'totp', now) }, false],
  ])('enrolling on a sign-in of %s: %s', (_, changed, fresh) => {
    expect(isFresh(person(changed), now)).toBe(fresh);
  });
});
