import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { assuranceFrom, satisfies } from '../../src/domain/assurance.ts';

const proof = { acr: ['urn:example:mfa'], amr: ['mfa', 'hwk'] };

describe('what a sign-in proves', () => {
  it.each<[string, Parameters<typeof assuranceFrom>[0], string[]]>([
    ['nothing said', {}, []],
    ['a listed acr', { acr: 'urn:example:mfa' }, ['acr=urn:example:mfa']],
    ['a listed amr among others', { amr: ['pwd', 'hwk'] }, ['amr=hwk']],
    ['both', { acr: 'urn:example:mfa', amr: ['mfa'] }, ['acr=urn:example:mfa', 'amr=mfa']],
    ['an acr that is not listed', { acr: 'urn:example:pwd' }, []],
    ['an acr that only begins like one', { acr: 'urn:example:mfa2' }, []],
    ['one in capitals', { acr: 'URN:EXAMPLE:MFA', amr: ['MFA'] }, []],
    ['an amr where an acr is listed', { amr: ['urn:example:mfa'] }, []],
    ['an acr where an amr is listed', { acr: 'mfa' }, []],
    ['two passwords', { amr: ['pwd', 'pwd'] }, []],
    ['that it was just now', { auth_time: 1 }, []],
  ])('%s', (_, claims, evidence) => {
    expect(assuranceFrom(claims, proof)).toMatchObject({ evidence, mfa: evidence.length > 0 });
  });

  it('keeps what was said for the record, believed or not', () => {
    expect(assuranceFrom({ auth_time: 7, acr: 'x', amr: ['pwd'] }, proof)).toEqual({
      auth_time: 7,
      acr: 'x',
      amr: ['pwd'],
      mfa: false,
      evidence: [],
    });
    expect(assuranceFrom({}, proof)).toEqual({ auth_time: null, acr: null, amr: [], mfa: false, evidence: [] });
  });

  it('without a list nothing proves anything, whatever is claimed', () => {
    const claims = fc.record({ acr: fc.string(), amr: fc.array(fc.string()) });
    fc.assert(fc.property(claims, (said) => expect(assuranceFrom(said, { acr: [], amr: [] }).mfa).toBe(false)));
  });

  it.each([
    [true, true, true],
    [false, true, true],
    [true, false, false],
    [false, false, true],
  ])('demanded %s, proven %s: %s', (demanded, mfa, enough) => {
    expect(satisfies({ ...assuranceFrom({}, proof), mfa }, { mfa: demanded })).toBe(enough);
  });
});
