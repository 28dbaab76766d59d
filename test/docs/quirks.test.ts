/** What is special about identity providers against the tests: each thing is proven or has a reason why not. */
import { describe, expect, it } from '@jest/globals';
import { misfits, quirkClaims, quirksDocument, readQuirks } from '../../scripts/docs/quirks.ts';
import { root } from './support.ts';

const claims = quirkClaims(root);
const lists = readQuirks(root);

describe('what is special about identity providers', () => {
  it('is proven by a test that says so, or has a reason why not, each of them', () => {
    expect(claims.size).toBeGreaterThan(200);
    expect(misfits(lists, claims)).toEqual([]);
  });

  it('is told apart from what is neither, both, or not listed', () => {
    const planted = [
      {
        id: 'X',
        title: 'X',
        items: {
          'Q-X-01': { is: 'proven' },
          'Q-X-02': { is: 'neither' },
          'Q-X-03': { is: 'both', why: 'no' },
          'Q-Y-04': { is: 'astray', why: 'no' },
        },
      },
    ];
    const claimed = new Map(['Q-X-01', 'Q-X-03', 'Q-X-05'].map((id) => [id, ['test/x.test.ts']]));
    expect(misfits(planted, claimed)).toEqual([
      'Q-Y-04 is not an id of the list X',
      'Q-X-02 has neither a test nor a reason why not',
      'Q-X-03 has a test and a reason why not',
      'Q-X-05 is claimed in test/x.test.ts and not listed',
    ]);
  });

  it('is numbered without gaps, so that a line that went is noticed', () => {
    for (const { id, items } of lists)
      expect(Object.keys(items)).toEqual(Object.keys(items).map((_, index) => `Q-${id}-${String(index + 1).padStart(2, '0')}`));
  });

  it('stands in the document, each line with its proof', () => {
    const document = quirksDocument(root);
    for (const [id, item] of lists.flatMap(({ items }) => Object.entries(items)))
      expect(document).toContain(`| ${id} | ${item.is} | ${item.why ?? `\`${claims.get(id)?.[0] ?? '?'}\``}`);
  });
});
