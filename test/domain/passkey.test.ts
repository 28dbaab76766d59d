import { describe, expect, it } from '@jest/globals';
import { acrOf } from '../../src/domain/acr.ts';
import { assuranceFrom } from '../../src/domain/assurance.ts';
import { UserId } from '../../src/domain/ids.ts';
import { isRaised, keepOurs, raise } from '../../src/domain/local-evidence.ts';
import type { Passkey } from '../../src/domain/passkey.ts';
import { Assertion, Registration, mostPasskeys, wentBack, withPasskey } from '../../src/domain/passkey.ts';
import { SecondFactor, holdingsOf, judgeAnswer, judgePasskey, recoveryDigest } from '../../src/domain/second-factor.ts';
import { ConnectionId } from '../../src/domain/ids.ts';
import { noDemand } from '../../src/domain/assurance-demand.ts';
import { nothingProven } from '../support/assurance.ts';

const now = 1_700_000_000_000;
const passkey = (id: string, counter = 0): Passkey => ({ id, publicKey: 'k', counter, transports: [], addedAt: 0 });
const row = { id: 'u_1', enrolment: 'e', version: 3, lastStep: 7, recovery: ['r'], failures: 0, lockedUntil: 0, enrolledAt: 0 };
const factor = (changed: Partial<SecondFactor> = {}): SecondFactor => ({
  ...row,
  id: UserId.parse('u_1'),
  passkeys: [passkey('one', 5), passkey('two')],
  ...changed,
});

describe('a row', () => {
  it('from before passkeys is one with an app and no passkey', () => {
    const old = SecondFactor.parse({ ...row, sealed: 's' });
    expect([old.passkeys, holdingsOf(old)]).toEqual([[], ['app']]);
    expect(holdingsOf(factor())).toEqual(['passkey']);
    expect(holdingsOf(factor({ sealed: 's' }))).toEqual(['app', 'passkey']);
  });

  it('holds ten passkeys and no more, each once', () => {
    const nine = Array.from({ length: mostPasskeys - 1 }, (_, index) => passkey(String(index)));
    const ten = withPasskey(nine, passkey('new'), now);
    expect(ten?.at(-1)).toEqual({ ...passkey('new'), addedAt: now });
    expect(withPasskey(ten ?? [], passkey('more'), now)).toBeNull();
    expect(withPasskey(ten ?? [], passkey('new', 4), now)).toHaveLength(mostPasskeys);
  });
});

describe('an answer of a passkey', () => {
  const right = { verdict: 'right', by: 'passkey' };
  it.each<[string, Parameters<typeof judgePasskey>[1], Partial<SecondFactor>, object]>([
    ['that verified', { id: 'two', counter: 0 }, {}, { ...right, change: { version: 4, failures: 0, lastStep: 7, recovery: ['r'] } }],
    ['that counts on', { id: 'one', counter: 6 }, {}, { ...right, change: { passkeys: [passkey('one', 6), passkey('two')] } }],
    ['that begins to count', { id: 'two', counter: 1 }, {}, { ...right, change: { passkeys: [passkey('one', 5), passkey('two', 1)] } }],
    ['that says the same number again', { id: 'one', counter: 5 }, {}, { verdict: 'wrong', because: 'counter went back' }],
    ['that counts back', { id: 'one', counter: 4 }, {}, { verdict: 'wrong', because: 'counter went back' }],
    ['that counts no more', { id: 'one', counter: 0 }, {}, { verdict: 'wrong', because: 'counter went back' }],
    ['that nobody knows', { id: 'three', counter: 9 }, {}, { verdict: 'wrong', because: 'unknown passkey', change: { failures: 1 } }],
    ['that did not verify', 'not verified', { failures: 3 }, { verdict: 'wrong', because: 'not verified', change: { failures: 4 } }],
    ['the fifth wrong one', 'another origin', { failures: 4 }, { verdict: 'wrong', change: { lockedUntil: now + 60_000 } }],
    ['a right one while it is locked', { id: 'two', counter: 0 }, { lockedUntil: now + 1 }, { verdict: 'locked' }],
    ['a wrong one while it is locked', 'not verified', { lockedUntil: now + 1 }, { verdict: 'locked' }],
  ])('%s', (_, used, changed, verdict) => {
    expect(judgePasskey(factor(changed), used, now)).toMatchObject(verdict);
  });

  it('changes no passkey when it is wrong', () => {
    const judged = judgePasskey(factor(), { id: 'one', counter: 4 }, now);
    expect(judged.verdict === 'wrong' ? Object.keys(judged.change) : []).not.toContain('passkeys');
  });

  it.each([
    [0, 0, false],
    [0, 1, false],
    [5, 6, false],
    [5, 5, true],
    [5, 4, true],
    [5, 0, true],
  ])('kept %d and said %d: went back %s', (kept, said, back) => {
    expect(wentBack(kept, said)).toBe(back);
  });

  it('without an app no code is right, and a recovery code still is', () => {
    const code = '2345-6789-ABCD-EFGH';
    expect(judgeAnswer(factor(), '000000', null, now)).toMatchObject({ verdict: 'wrong' });
    expect(judgeAnswer(factor({ recovery: [recoveryDigest(code)] }), code, null, now)).toMatchObject({ by: 'recovery code' });
  });
});

describe('what it proves', () => {
  it('is a second factor that nobody in between could have copied, by a key of which nobody says where it is', () => {
    const raised = raise(nothingProven, 'passkey', now);
    expect(raised).toMatchObject({ mfa: true, phishingResistant: true, evidence: ['local passkey'], amr: ['pop'] });
    expect([acrOf(raised), isRaised(raised)]).toEqual(['urn:drawbridge:acr:phr', true]);
    expect(raise(assuranceFrom({ auth_time: 7 }, { acr: [], amr: [] }), 'passkey', now)).toMatchObject({ auth_time: 7 });
  });

  it('is not lost by a code after it, and stays with it through another trip', () => {
    const both = raise(raise(nothingProven, 'totp', now), 'passkey', now);
    expect(both).toMatchObject({ phishingResistant: true, evidence: ['local totp', 'local passkey'], amr: ['otp', 'pop'] });
    expect(raise(both, 'totp', now).phishingResistant).toBe(true);
    const person = {
      userId: UserId.parse('u_1'),
      connectionId: ConnectionId.parse('demo'),
      name: null,
      email: null,
      assurance: nothingProven,
      asked: noDemand,
    };
    expect(keepOurs({ ...person, assurance: both, ownFactor: 'e' }, person).assurance).toEqual(both);
  });
});

describe('what a browser sends', () => {
  const made = { id: 'AAAA', rawId: 'AAAA', type: 'public-key', response: { clientDataJSON: 'e30', attestationObject: 'oA' } };
  const used = { ...made, response: { clientDataJSON: 'e30', authenticatorData: 'AA', signature: 'AA' } };
  it('is taken without what it says beside', () => {
    expect(Registration.parse({ ...made, authenticatorAttachment: 'platform', clientExtensionResults: {} })).toEqual({
      ...made,
      response: { ...made.response, transports: [] },
    });
    expect(Assertion.parse({ ...used, odd: 1 })).toEqual(used);
    expect(Assertion.parse({ ...used, response: { ...used.response, userHandle: null } }).response.userHandle).toBeNull();
  });

  it.each<[string, unknown]>([
    ['nothing', null],
    ['a list', []],
    ['another type', { ...made, type: 'password' }],
    ['no name', { ...made, id: '' }],
    ['a name that is no base64url', { ...made, id: 'A+/=' }],
    ['an endless name', { ...made, id: 'A'.repeat(1401) }],
    ['a number for bytes', { ...made, response: { ...made.response, attestationObject: 7 } }],
    ['endless bytes', { ...made, response: { ...made.response, attestationObject: 'A'.repeat(20_001) } }],
    ['transports without end', { ...made, response: { ...made.response, transports: Array.from({ length: 11 }, () => 'usb') } }],
  ])('%s is not', (_, given) => {
    expect(Registration.safeParse(given).success).toBe(false);
  });
});
