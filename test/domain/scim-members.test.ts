import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { MemberChange } from '../../src/domain/scim-group.ts';
import { movedMembers, present } from '../../src/domain/scim-members.ts';

const row = (userId: string, pending?: 'join' | 'leave') => ({ userId, ...(pending === undefined ? {} : { pending }) });
const moved = (rows: Parameters<typeof movedMembers>[0], ...changes: MemberChange[]) => {
  const { after, joining, isMoved } = movedMembers(rows, changes);
  return [[...after].sort(), [...joining].sort(), isMoved];
};

describe('what changes make of the members of a group', () => {
  it('is told before any of it is done', () => {
    const rows = [row('a'), row('b')];
    expect(moved(rows, { op: 'add', users: ['c'] })).toEqual([['a', 'b', 'c'], ['c'], true]);
    expect(moved(rows, { op: 'remove', users: ['a'] })).toEqual([['b'], [], true]);
    expect(moved(rows, { op: 'set', users: ['b', 'c'] })).toEqual([['b', 'c'], ['c'], true]);
    expect(moved(rows, { op: 'set', users: [] })).toEqual([[], [], true]);
    // Who comes and goes is named all the same, and has to be one of ours.
    expect(moved(rows, { op: 'add', users: ['c'] }, { op: 'remove', users: ['c'] })).toEqual([['a', 'b'], ['c'], false]);
  });

  it('is nothing where it is so already', () => {
    const rows = [row('a'), row('b')];
    const same: MemberChange[][] = [
      [],
      [{ op: 'add', users: ['a'] }],
      [{ op: 'remove', users: ['c'] }],
      [{ op: 'set', users: ['b', 'a'] }],
      [
        { op: 'remove', users: ['a'] },
        { op: 'add', users: ['a'] },
      ],
    ];
    for (const changes of same) expect(moved(rows, ...changes)).toEqual([['a', 'b'], [], false]);
  });

  it('is work to be finished where it was cut off, of whoever it is about', () => {
    const rows = [row('a', 'join'), row('b', 'leave')];
    expect(present(rows)).toEqual(['a']);
    expect(moved(rows, { op: 'add', users: ['a'] })[2]).toBe(true);
    expect(moved(rows, { op: 'remove', users: ['b'] })[2]).toBe(true);
    expect(moved(rows, { op: 'set', users: ['a'] })[2]).toBe(true);
    expect(moved(rows, { op: 'remove', users: ['c'] })[2]).toBe(false);
    expect(moved(rows)[2]).toBe(false);
  });

  it('is what doing one after the other makes of it', () => {
    const someone = fc.constantFrom('a', 'b', 'c', 'd');
    const people = fc.uniqueArray(someone);
    const change = fc.record({ op: fc.constantFrom('add', 'remove', 'set'), users: people }) as fc.Arbitrary<MemberChange>;
    fc.assert(
      fc.property(people, fc.array(change, { maxLength: 5 }), (before, changes) => {
        const step = (members: string[], { op, users }: MemberChange) =>
          op === 'set' ? [...users] : op === 'add' ? [...new Set([...members, ...users])] : members.filter((id) => !users.includes(id));
        const expected = changes.reduce(step, before);
        const { after, isMoved } = movedMembers(
          before.map((id) => row(id)),
          changes,
        );
        expect([...after].sort()).toEqual([...expected].sort());
        expect(isMoved).toBe([...expected].sort().join() !== [...before].sort().join());
      }),
    );
  });
});
