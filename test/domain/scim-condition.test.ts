import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { demandMeant, isKnown, readCondition, versionTag } from '../../src/domain/scim-condition.ts';
import { metaOf } from '../../src/domain/scim-meta.ts';
import { ScimRefusal } from '../../src/domain/scim-refusal.ts';

const tag = 'W/"7"';
const refusalOf = (work: () => unknown): number | null => {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof ScimRefusal) return error.status;
    throw error;
  }
};
const demanded = (match: string[], noneMatch: string[] = [], of: string | null = tag) =>
  refusalOf(() => demandMeant(readCondition(match, noneMatch), of));

describe('the version a request means', () => {
  it.each<[string[], string[], number | null]>([
    [[], [], null],
    [['*'], [], null],
    [['W/"7"'], [], null],
    [['"7"'], [], null],
    [['W/"6", W/"7"'], [], null],
    [['W/"6"', 'W/"7"'], [], null],
    [['W/"6"'], [], 412],
    [['W/"77"'], [], 412],
    [['W/"e180ee84f0671b1/+="'], [], 412],
    [[], ['W/"6"'], null],
    [[], ['W/"7"'], 412],
    [[], ['*'], 412],
    [['W/"7"'], ['W/"7"'], 412],
    [[''], [], 400],
    [['7'], [], 400],
    [['w/"7"'], [], 400],
    [['"7'], [], 400],
    [['*', '*'], [], 400],
    [['"7" "8"'], [], 400],
    [[], [Array.from({ length: 101 }, () => '"7"').join(',')], 400],
  ])('If-Match %j, If-None-Match %j: %s', (match, noneMatch, refusal) => {
    expect(demanded(match, noneMatch)).toBe(refusal);
  });

  it('is none in the middle of a change, and whoever means whichever there is means that too', () => {
    expect([versionTag({ version: 7 }), versionTag({ version: 7, movingUntil: 0 }), versionTag({ version: 7, movingUntil: 9 })]).toEqual([
      tag,
      null,
      null,
    ]);
    expect([demanded(['W/"7"'], [], null), demanded(['*'], [], null), demanded([], ['W/"7"'], null)]).toEqual([412, null, null]);
    const known = (field: string, of: string | null) => isKnown(readCondition([], [field]), of);
    expect([known('W/"7"', tag), known('W/"6"', tag), known('*', tag), known('W/"7"', null)]).toEqual([true, false, true, false]);
    expect(isKnown(readCondition(['W/"7"'], []), tag)).toBe(false);
    const row = { version: 7, createdAt: 0, changedAt: 1, movingUntil: 9 };
    expect(metaOf('Group', row, 'x')).not.toHaveProperty('version');
  });

  it('whatever is sent, it is a version of ours, another, or refused', () => {
    const field = fc.oneof(
      fc.string({ maxLength: 30 }),
      fc.nat(20).map((n) => `W/"${n}"`),
      fc.constantFrom('*', '"7"', ',', ''),
    );
    fc.assert(
      fc.property(fc.array(field, { maxLength: 3 }), fc.array(field, { maxLength: 3 }), (match, noneMatch) => {
        const outcome = demanded(match, noneMatch);
        expect([null, 400, 412]).toContain(outcome);
        if (outcome !== null || match.length === 0) return;
        // Nobody is let through who did not name it.
        expect(match.join(',')).toMatch(/^\s*\*\s*$|"7"/);
      }),
    );
  });
});

describe('what a resource says of itself', () => {
  it('is when it was made and changed, as RFC 3339 writes it', () => {
    expect(metaOf('User', { version: 3, createdAt: 0, changedAt: 1_790_000_000_123 }, 'https://x/Users/1')).toEqual({
      resourceType: 'User',
      created: '1970-01-01T00:00:00.000Z',
      lastModified: '2026-09-21T14:13:20.123Z',
      location: 'https://x/Users/1',
      version: 'W/"3"',
    });
  });
});
