import { describe, expect, it } from '@jest/globals';
import { isFreshProof, isProven, judgeProof, proofName, proofOutlives, proofText } from '../../src/domain/proven-domain.ts';
import type { ProofVerdict, ProvenDomain, TextAnswer } from '../../src/domain/proven-domain.ts';

const minute = 60_000;
const now = Date.UTC(2026, 0, 10);
const value = proofText('mac');
const seen = (ago: number, changed: Partial<ProvenDomain> = {}): ProvenDomain => ({
  id: 'acme.example',
  value,
  provenAt: now - ago - minute,
  seenAt: now - ago,
  expiresAt: now - ago + proofOutlives,
  ...changed,
});
const texts = (...found: string[]): TextAnswer => ({ answer: 'texts', texts: found });
const none: TextAnswer = { answer: 'none' };
const silence: TextAnswer = { answer: 'silence', reason: 'ETIMEOUT' };
const old = seen(60 * minute);
const renewed = { ...old, seenAt: now, expiresAt: now + proofOutlives };
const first = { ...renewed, provenAt: now };
const proven = (row: ProvenDomain, isNew: boolean, quiet: string | null = null): ProofVerdict => ({
  verdict: 'proven',
  row,
  isNew,
  silence: quiet,
});

describe('the proof of a domain', () => {
  it('stands beside the domain, never on it', () => {
    expect([proofName('acme.example'), value]).toEqual(['_drawbridge.acme.example', 'drawbridge=mac']);
  });

  it.each<[string, ProvenDomain | null, TextAnswer, ProofVerdict]>([
    ['is new where the record is first seen', null, texts(value), proven(first, true)],
    ['is found among other records', null, texts('v=spf1 -all', value, ''), proven(first, true)],
    ['is renewed where it is seen again, and keeps its beginning', old, texts(value), proven(renewed, false)],
    ['[W60] is over where DNS answers without the record', old, none, { verdict: 'missing', others: 0 }],
    ['[W60] is over where DNS answers with another', old, texts('drawbridge=other'), { verdict: 'missing', others: 1 }],
    [
      'is none where the value is only contained',
      null,
      texts(`x${value}`, `${value}x`, value.toUpperCase()),
      { verdict: 'missing', others: 3 },
    ],
    ['goes on where DNS is silent', old, silence, proven(old, false, 'ETIMEOUT')],
    ['goes on in silence until just before its end', seen(proofOutlives - 1), silence, proven(seen(proofOutlives - 1), false, 'ETIMEOUT')],
    ['[W60] ends in silence when its time is over', seen(proofOutlives), silence, { verdict: 'silent', reason: 'ETIMEOUT' }],
    ['begins anew after that', seen(proofOutlives), texts(value), proven(first, true)],
    ['does not begin with silence', null, silence, { verdict: 'silent', reason: 'ETIMEOUT' }],
    ['under another key was another proof', seen(0, { value: 'drawbridge=old' }), silence, { verdict: 'silent', reason: 'ETIMEOUT' }],
    ['under another key is new', seen(0, { value: 'drawbridge=old' }), texts(value), proven(first, true)],
  ])('%s', (_, before, answer, verdict) => {
    expect(judgeProof(answer, { domain: 'acme.example', value, before, now })).toEqual(verdict);
  });

  it.each<[string, ProvenDomain | null, boolean, boolean]>([
    ['none', null, false, false],
    ['seen now', seen(0), true, true],
    ['seen almost ten minutes ago', seen(10 * minute - 1), true, true],
    ['seen ten minutes ago', seen(10 * minute), true, false],
    ['seen by a clock that runs ahead', seen(-1), true, false],
    ['at its end', seen(proofOutlives), false, false],
    ['of another key', seen(0, { value: 'drawbridge=old' }), false, false],
  ])('counts and is fresh, or not: %s', (_, row, counts, isFresh) => {
    expect([isProven(row, value, now), isFreshProof(row, value, now)]).toEqual([counts, isFresh]);
  });
});
