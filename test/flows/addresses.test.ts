/** An e-mail address is for display: however it is written, it makes nobody somebody else. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { users } from '../../src/stores/collections.ts';
import { settleIdentity } from '../../src/flows/steps/settle-identity.ts';
import type { FlowWorld } from '../support/flow-world.ts';
import { alice, openFlowWorld } from '../support/flow-world.ts';

let world: FlowWorld;
beforeEach(async () => {
  world = await openFlowWorld();
});
afterEach(() => world.close());

/** Ways to write what a careless comparison takes for alice@demo.example. */
const looksLike = [
  'alice@demo.example',
  'ALICE@DEMO.EXAMPLE',
  'alıce@demo.example',
  'alIce@demo.example'.toLocaleUpperCase('tr'),
  'a\u0301lice@demo.example',
  'álice@demo.example',
  'ａｌｉｃｅ@demo.example',
  'alice@ｄｅｍｏ.example',
  'alice@demo.example.',
  'alice+tag@demo.example',
  '"alice"@demo.example',
  ' alice@demo.example',
  'alice@demo.example\u0000',
  'alice\u200b@demo.example',
  'аlice@demo.example',
];

it('every account is a person of its own, whatever address it comes with, and keeps being that one [W65]', async () => {
  const first = await settleIdentity(world)(alice());
  expect(first.roles.map(({ role }) => role)).toContain('editor');
  const people = new Map<string, string>();
  for (const [index, email] of looksLike.entries()) {
    const who = alice({ subject: `another-${index}`, email, groups: [] });
    const { user, roles } = await settleIdentity(world)(who);
    expect([email, user.id === first.user.id, roles]).toEqual([email, false, []]);
    expect([email, (await settleIdentity(world)(who)).user.id]).toEqual([email, user.id]);
    people.set(user.id, email);
  }
  expect(people.size).toBe(looksLike.length);
  expect((await world.engine.page(users, { limit: 1000 })).length).toBe(looksLike.length + 1);
  // Whoever changes their address stays who they are, also with that of somebody else.
  const renamed = await settleIdentity(world)(alice({ email: 'another-3@demo.example' }));
  expect([renamed.user.id, renamed.roles.map(({ role }) => role)]).toEqual([first.user.id, first.roles.map(({ role }) => role)]);
});

it('the same address at another connection is somebody else, with the same subject too [W65] [W67]', async () => {
  const here = await settleIdentity(world)(alice());
  for (const changed of [{ issuer: 'http://localhost:4009' }, { subject: 'demo-0001 ' }, { subject: 'DEMO-0001' }]) {
    const there = await settleIdentity(world)(alice(changed));
    expect([changed, there.user.id === here.user.id]).toEqual([changed, false]);
  }
});
