/** What groups are called: beside their ids, never instead of them, and fit to be shown. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { groupCalled, groupsIn, groupWithName } from '../../src/domain/group-name.ts';
import { ConnectionId, RoleId } from '../../src/domain/ids.ts';
import { explainRoles } from '../../src/domain/role-explanation.ts';
import { mapRoles } from '../../src/domain/role-mapping.ts';
import { ruleSentence } from '../../src/domain/rule-sentence.ts';

const [okta, entra] = [ConnectionId.parse('okta'), ConnectionId.parse('entra')];
const viewer = RoleId.parse('viewer');
const naming = new Map([
  [okta, new Map([['00g1', 'Engineering']])],
  [
    entra,
    new Map([
      ['00g1', 'Sales'],
      ['00g2', 'Twins'],
      ['00g3', 'Twins'],
      ['same', 'same'],
    ]),
  ],
]);

describe('the name of a group', () => {
  it.each<[string, ConnectionId | null, string]>([
    ['00g1', okta, 'Engineering (00g1)'],
    ['00g1', entra, 'Sales (00g1)'],
    ['00g1', null, 'Engineering or Sales (00g1)'],
    ['00g2', okta, '00g2'],
    ['00g2', null, 'Twins (00g2)'],
    ['00g3', entra, 'Twins (00g3)'],
    ['same', entra, 'same'],
    ['nobody', null, 'nobody'],
  ])('of %s at %s is said as %s', (id, connection, words) => {
    expect(groupWithName(naming, id, connection)).toBe(words);
  });

  it('is on one line, shows nothing unseen and does not end the id [W81]', () => {
    const shown = (name: string) => groupCalled(new Map([[okta, new Map([['id', name]])]]), 'id', okta);
    expect(shown('a\u202eb\u0000\n\tc\u200b')).toBe('ab c');
    expect(shown('\u200b \n')).toBeNull();
    expect(shown('x'.repeat(1000))).toBe(`${'x'.repeat(60)}…`);
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (name) => !/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/u.test(shown(name) ?? '')));
  });

  it('decides nothing, and stands in every sentence', () => {
    const rules = { rules: [{ connectionId: okta, group: '00g1', role: viewer }], members: [], defaultRole: null };
    const arrival = { connectionId: okta, subject: 'ana', groups: ['00g1'], claims: {} };
    const [held] = explainRoles(rules, { ...arrival, naming }).roles;
    expect(held?.rule).toBe('rule 1: group Engineering (00g1) gives viewer');
    expect(explainRoles(rules, { ...arrival, groups: ['Engineering'], naming }).roles).toEqual([]);
    expect(explainRoles(rules, { ...arrival, groups: [], naming }).trace[0]?.because).toBe('not in the group Engineering (00g1)');
    expect(mapRoles(rules, arrival)[0]?.rule).toBe('rule 1: group 00g1 gives viewer');
    expect(rules.rules.map((rule) => ruleSentence(rule, naming))).toEqual([
      'people in the group Engineering (00g1) and who come through okta get viewer',
    ]);
  });

  it('is asked for the groups that rules name exactly, each once', () => {
    expect(groupsIn([{ group: 'a' }, { group: 'b*' }, {}, { group: 'a' }])).toEqual(['a']);
  });
});
