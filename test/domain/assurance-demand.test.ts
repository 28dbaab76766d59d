import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { acrOf, acrValuesSupported, challengeParameters, demandOf } from '../../src/domain/acr.ts';
import type { Assurance } from '../../src/domain/assurance.ts';
import type { AssuranceDemand, Lack } from '../../src/domain/assurance-demand.ts';
import { AssuranceDemand as Shape, includes, noDemand, satisfies, shortfall, strictest } from '../../src/domain/assurance-demand.ts';
import { nothingProven } from '../support/assurance.ts';

const now = 1_700_000_000_500;
const second = 1_700_000_000;

const [none, mfa, phr, hour] = [{}, { mfa: true }, { phishingResistant: true }, { maxAge: 3600 }];
const all = { ...mfa, ...phr, auth_time: second };

describe('what a sign-in lacks', () => {
  it.each<[string, Partial<Assurance>, Partial<AssuranceDemand>, Lack[]]>([
    ['nothing is wanted of nobody', none, none, []],
    ['a second factor', none, mfa, ['second factor']],
    ['a second factor that is there', mfa, mfa, []],
    ['one ladder: the higher step includes the lower', phr, phr, ['second factor']],
    ['the higher step alone', mfa, phr, ['phishing-resistant sign-in']],
    ['both steps', none, phr, ['second factor', 'phishing-resistant sign-in']],
    ['both steps that are there', all, { ...mfa, ...phr }, []],
    ['a time nobody told', none, hour, ['recent sign-in']],
    ['a time long ago', { auth_time: second - 3601 }, hour, ['recent sign-in']],
    ['a time that is recent to the second', { auth_time: second - 3599 }, hour, []],
    ['everything, in order', none, { ...mfa, ...phr, ...hour }, ['second factor', 'phishing-resistant sign-in', 'recent sign-in']],
    ['nothing of everything', all, { ...mfa, ...phr, ...hour }, []],
  ])('%s', (_, proven, wanted, lacks) => {
    const [assurance, demand] = [
      { ...nothingProven, ...proven },
      { ...noDemand, ...wanted },
    ];
    expect(shortfall(assurance, demand, now)).toEqual(lacks);
    expect(satisfies(assurance, demand, now)).toBe(lacks.length === 0);
  });

  const age = fc.option(fc.integer({ min: 0, max: 10_000 }), { nil: null });
  const demands = fc.record({ mfa: fc.boolean(), phishingResistant: fc.boolean(), maxAge: age });
  const assurances = fc
    .record({ mfa: fc.boolean(), phishingResistant: fc.boolean(), ago: age })
    .map(({ ago, ...proven }) => ({ ...nothingProven, ...proven, auth_time: ago === null ? null : second - ago }));

  it('is never more when more is proven', () => {
    fc.assert(
      fc.property(assurances, demands, fc.nat(10_000), (assurance, demand, later) => {
        const lacks = shortfall(assurance, demand, now);
        const { auth_time } = assurance;
        const better = [
          { ...assurance, mfa: true },
          { ...assurance, phishingResistant: true },
          { ...assurance, auth_time: auth_time === null ? second : Math.min(second, auth_time + later) },
        ];
        for (const more of better) expect(lacks).toEqual(expect.arrayContaining(shortfall(more, demand, now)));
        // And time only takes away.
        expect(shortfall(assurance, demand, now + later * 1000)).toEqual(expect.arrayContaining(lacks));
      }),
    );
  });

  it('of several demands together is what is lacking of each', () => {
    fc.assert(
      fc.property(assurances, fc.array(fc.option(demands, { nil: undefined }), { maxLength: 4 }), (assurance, several) => {
        const together = strictest(...several);
        const apart = new Set(several.flatMap((demand) => (demand === undefined ? [] : shortfall(assurance, demand, now))));
        expect(new Set(shortfall(assurance, together, now))).toEqual(apart);
        for (const demand of several) if (demand !== undefined) expect(includes(together, demand)).toBe(true);
      }),
    );
  });

  it('includes says whether whatever meets the one meets the other', () => {
    fc.assert(
      fc.property(assurances, demands, demands, (assurance, one, other) => {
        if (includes(one, other) && satisfies(assurance, one, now)) expect(satisfies(assurance, other, now)).toBe(true);
        expect(includes(one, one)).toBe(true);
        expect(includes(one, noDemand)).toBe(true);
      }),
    );
    expect(includes({ ...noDemand, ...mfa }, { ...noDemand, ...phr })).toBe(false);
    expect(includes({ ...noDemand, maxAge: 61 }, { ...noDemand, maxAge: 60 })).toBe(false);
    expect(includes({ ...noDemand, ...phr }, { ...noDemand, ...mfa })).toBe(true);
  });

  it('stored when there was only a second factor to demand is read as that', () => {
    expect(Shape.parse({ mfa: true })).toEqual({ ...noDemand, mfa: true });
  });

  it('is what a challenge asks for, and asking for that is asking for all of it [X5.02]', () => {
    fc.assert(
      fc.property(assurances, demands, (assurance, demand) => {
        const { acr_values = '', max_age = null } = challengeParameters(demand);
        const again = demandOf(acr_values, max_age);
        expect([includes(again, demand), includes(demand, again)]).toEqual([true, true]);
        if (satisfies(assurance, { ...demand, maxAge: null }, now) && acr_values !== '') {
          // What we then assert is at least what was asked for.
          expect(acrValuesSupported.indexOf(acrOf(assurance) ?? '')).toBeGreaterThanOrEqual(acrValuesSupported.indexOf(acr_values));
        }
      }),
    );
  });
});

describe('the words of a request [A5.13]', () => {
  it.each<[string, Partial<AssuranceDemand>]>([
    ['', none],
    ['urn:drawbridge:acr:mfa', mfa],
    ['urn:drawbridge:acr:phr', { ...mfa, ...phr }],
    ['urn:drawbridge:acr:phr urn:drawbridge:acr:mfa', mfa],
    ['urn:mace:incommon:iap:silver', none],
    ['urn:mace:incommon:iap:silver urn:drawbridge:acr:phr', { ...mfa, ...phr }],
    ['URN:DRAWBRIDGE:ACR:MFA', none],
    ['urn:drawbridge:acr:mfa2', none],
  ])('acr_values=%s', (acr_values, demand) => {
    expect(demandOf(acr_values, null)).toEqual({ ...noDemand, ...demand });
    expect(demandOf(acr_values, 60)).toEqual({ ...noDemand, ...demand, maxAge: 60 });
  });

  it.each<[Partial<Assurance>, string | null]>([
    [none, null],
    [{ acr: 'urn:drawbridge:acr:phr', amr: ['mfa'] }, null],
    [mfa, 'urn:drawbridge:acr:mfa'],
    [phr, null],
    [{ ...mfa, ...phr }, 'urn:drawbridge:acr:phr'],
  ])('of %j we assert %s', (proven, acr) => {
    expect(acrOf({ ...nothingProven, ...proven })).toBe(acr);
  });
});
