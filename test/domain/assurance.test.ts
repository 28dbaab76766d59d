import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Assurance, assuranceFrom, methodsOf } from '../../src/domain/assurance.ts';

const proof = { acr: ['urn:example:mfa'], amr: ['mfa', 'hwk'] };

describe('what a sign-in proves', () => {
  it.each<[string, Parameters<typeof assuranceFrom>[0], string[]]>([
    ['nothing said', {}, []],
    ['a listed acr [Q-MFA-01]', { acr: 'urn:example:mfa' }, ['acr=urn:example:mfa']],
    ['a listed amr among others [Q-MFA-02]', { amr: ['pwd', 'hwk'] }, ['amr=hwk']],
    ['both', { acr: 'urn:example:mfa', amr: ['mfa'] }, ['acr=urn:example:mfa', 'amr=mfa']],
    ['an acr that is not listed [Q-MFA-01]', { acr: 'urn:example:pwd' }, []],
    ['an acr that only begins like one [Q-MFA-01]', { acr: 'urn:example:mfa2' }, []],
    ['one in capitals', { acr: 'URN:EXAMPLE:MFA', amr: ['MFA'] }, []],
    ['an amr where an acr is listed', { amr: ['urn:example:mfa'] }, []],
    ['an acr where an amr is listed', { acr: 'mfa' }, []],
    ['two passwords', { amr: ['pwd', 'pwd'] }, []],
    ['that it was just now', { auth_time: 1 }, []],
  ])('%s', (_, claims, evidence) => {
    expect(assuranceFrom(claims, proof)).toMatchObject({ evidence, mfa: evidence.length > 0 });
  });

  it('keeps what was said for the record, believed or not [Q-MFA-08]', () => {
    expect(assuranceFrom({ auth_time: 7, acr: 'x', amr: ['pwd', 'session'] }, proof)).toEqual({
      auth_time: 7,
      authTimeSource: 'id_token',
      acr: 'x',
      amr: ['pwd'],
      amrAsSaid: ['pwd', 'session'],
      mfa: false,
      phishingResistant: false,
      evidence: [],
    });
    expect(assuranceFrom({}, proof)).toEqual({
      auth_time: null,
      authTimeSource: null,
      acr: null,
      amr: [],
      amrAsSaid: [],
      mfa: false,
      phishingResistant: false,
      evidence: [],
    });
  });

  it('without a list nothing proves anything, whatever is claimed [Q-MFA-04]', () => {
    const claims = fc.record({ acr: fc.string(), amr: fc.array(fc.string()) });
    fc.assert(fc.property(claims, (said) => expect(assuranceFrom(said, { acr: [], amr: [] }).mfa).toBe(false)));
  });

  const strong = { ...proof, phishingResistant: { acr: ['urn:example:phr'], amr: ['hwk'] } };
  it.each<[string, Parameters<typeof assuranceFrom>[0], { mfa: boolean; phishingResistant: boolean; evidence: string[] }]>([
    [
      'a method on both lists',
      { amr: ['hwk'] },
      { mfa: true, phishingResistant: true, evidence: ['amr=hwk', 'phishing-resistant amr=hwk'] },
    ],
    [
      'an acr on the one list',
      { acr: 'urn:example:phr' },
      { mfa: false, phishingResistant: true, evidence: ['phishing-resistant acr=urn:example:phr'] },
    ],
    ['a second factor of the other kind', { amr: ['mfa'] }, { mfa: true, phishingResistant: false, evidence: ['amr=mfa'] }],
    [
      'a method we would call the same, and nobody listed',
      { amr: ['mfa/webauthn'] },
      { mfa: false, phishingResistant: false, evidence: [] },
    ],
  ])('that cannot be phished: %s [Q-MFA-05]', (_, claims, found) => {
    expect(assuranceFrom(claims, strong)).toMatchObject(found);
    expect(assuranceFrom(claims, proof).phishingResistant).toBe(false);
  });

  it('is never more because of a list that is longer by what was not said, and never less by one that is', () => {
    const word = fc.constantFrom('pwd', 'otp', 'hwk', 'mfa', 'x');
    const words = fc.uniqueArray(word);
    const accepted = fc.record({ acr: words, amr: words });
    fc.assert(
      fc.property(fc.record({ acr: word, amr: words }), accepted, accepted, words, (said, one, strongOne, more) => {
        const before = assuranceFrom(said, { ...one, phishingResistant: strongOne });
        const longer = { acr: [...one.acr, ...more], amr: [...one.amr, ...more] };
        const after = assuranceFrom(said, { ...longer, phishingResistant: strongOne });
        expect(before.mfa && !after.mfa).toBe(false);
        const wasSaid = more.some((value) => value === said.acr || said.amr.includes(value));
        if (!wasSaid) expect(after).toEqual(before);
      }),
    );
  });

  it.each([
    [['totp', 'mfa/phone', 'otp'], ['otp']],
    [['mfa/webauthn'], ['hwk']],
    [['fido', 'webauthn'], ['hwk']],
    [
      ['password', 'ngcmfa'],
      ['mfa', 'pwd'],
    ],
    [
      ['user', 'swk', 'face'],
      ['face', 'swk', 'user'],
    ],
    [['session', 'token_refresh', 'PWD', ''], []],
  ])('says %j as %j [Q-MFA-07]', (said, words) => {
    expect(methodsOf(said)).toEqual(words);
    expect(assuranceFrom({ amr: said }, proof)).toMatchObject({ amr: words, amrAsSaid: said });
  });

  it('stored before there was more to know is read, and is not taken for more', () => {
    const row = { auth_time: 7, acr: 'x', amr: ['session'], mfa: true, evidence: ['acr=x'] };
    expect(Assurance.parse(row)).toEqual({ ...row, authTimeSource: null, amrAsSaid: [], phishingResistant: false });
  });
});
