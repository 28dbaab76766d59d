import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sha256 } from '../../src/domain/digest.ts';
import { GrantId } from '../../src/domain/ids.ts';
import { TokenRefusal } from '../../src/domain/oauth-error.ts';
import { codeOf, readCode } from '../../src/domain/token-format.ts';
import { grants as grantRows, users } from '../../src/stores/collections.ts';
import type { Approved, FlowWorld } from '../support/flow-world.ts';
import { approve, code_verifier, openFlowWorld, redeem, refresh, registered } from '../support/flow-world.ts';
import { makeGrant } from '../support/grant.ts';

let world: FlowWorld;
beforeAll(async () => {
  world = await openFlowWorld();
});
afterAll(() => world.close());

const grantOf = async ({ code }: Pick<Approved, 'code'>) => {
  const id = readCode(code, world.sealing.mac);
  return id === null ? null : world.grants.get(id);
};
const refused = (error: string) => expect.objectContaining({ name: 'TokenRefusal', error });

describe('a code', () => {
  it('is redeemed once, for what was approved, and the event is written', async () => {
    const approved = await approve(world, { scope: ['read'] });
    const tokens = await redeem(world, approved);
    expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: 'read' });
    expect(await grantOf(approved)).toMatchObject({ stage: 'live', generation: 1, scope: ['read'], tenantId: 'acme' });
    expect(world.events.at(-1)).toMatchObject({ event: 'token.issued', rule: 'authorization_code', scope: ['read'], tenantId: 'acme' });
  });

  it.each([
    ['a moment before five minutes are over', 299_999, true],
    ['at five minutes', 300_000, false],
    ['a second later', 301_000, false],
  ])('is good until its end: %s [AM-12] [W184]', async (_, wait, good) => {
    const approved = await approve(world);
    world.clock.advance(wait);
    if (good) await redeem(world, approved);
    else await expect(redeem(world, approved)).rejects.toEqual(refused('invalid_grant'));
    // Nothing has swept the row away: what decides is the clock.
    expect((await grantOf(approved))?.stage).toBe(good ? 'live' : 'coded');
  });

  it.each<[string, (approved: Approved) => Parameters<typeof redeem>[2]]>([
    ['another client', () => ({ client: { client_id: registered(world, 'Other'), grant_types: ['authorization_code'] } })],
    ['another verifier', () => ({ code_verifier: 'w'.repeat(43) })],
    ['the challenge for a verifier', () => ({ code_verifier: sha256(code_verifier) })],
    ['a verifier that is too short', () => ({ code_verifier: 'v'.repeat(42) })],
    ['another port in the redirect_uri', () => ({ redirect_uri: 'http://127.0.0.1:9877/callback' })],
    ['no port in the redirect_uri', () => ({ redirect_uri: 'http://127.0.0.1/callback' })],
  ])('shown with %s is burned [W84] [W87]', async (_, changed) => {
    const approved = await approve(world);
    await expect(redeem(world, approved, changed(approved))).rejects.toEqual(refused('invalid_grant'));
    expect(await grantOf(approved)).toMatchObject({ stage: 'ended' });
    expect(world.events.at(-1)).toMatchObject({ event: 'grant.ended' });
    await expect(redeem(world, approved)).rejects.toEqual(refused('invalid_grant'));
  });

  it('shown for another resource is refused, and is good for its own afterwards', async () => {
    const approved = await approve(world);
    await expect(redeem(world, approved, { resource: 'http://localhost:4000/other' })).rejects.toEqual(refused('invalid_target'));
    await expect(redeem(world, approved, { resource: 'http://localhost:4000/mcp' })).resolves.toMatchObject({ token_type: 'Bearer' });
  });

  it('without a redirect_uri is redeemed all the same', async () => {
    await expect(redeem(world, await approve(world), { redirect_uri: null })).resolves.toMatchObject({ token_type: 'Bearer' });
  });

  it.each<[string, (code: string) => string]>([
    ['cut short', (code) => code.slice(0, -1)],
    ['of a grant that never was', () => codeOf(GrantId.parse('x'.repeat(22)), world.sealing.mac).reveal()],
    ['made under another key', () => codeOf(GrantId.parse('x'.repeat(22)), () => 'A'.repeat(43)).reveal()],
    ['that is a query', () => '{"$ne":null}'],
    ['of nothing', () => ''],
  ])('%s is no code', async (_, changed) => {
    const approved = await approve(world);
    await expect(redeem(world, { ...approved, code: changed(approved.code) })).rejects.toEqual(refused('invalid_grant'));
    await redeem(world, approved);
  });

  it('without a challenge is not redeemed by any verifier, however its row came about [W85]', async () => {
    const { client_id } = await approve(world);
    for (const [n, code_challenge] of ['', sha256('')].entries()) {
      const id = GrantId.parse(String(n).repeat(22));
      const now = world.clock.now();
      await world.engine.insert(grantRows, { ...makeGrant({ id, stage: 'coded', client_id, code_challenge, expiresAt: now + 1000 }) });
      const code = codeOf(id, world.sealing.mac).reveal();
      const verifier = n === 0 ? code_verifier : '';
      await expect(redeem(world, { client_id, id: id as never, code }, { code_verifier: verifier, redirect_uri: null })).rejects.toEqual(
        refused('invalid_grant'),
      );
      expect(await world.grants.get(id)).toMatchObject({ stage: 'ended' });
    }
  });

  it('of somebody who was disabled meanwhile gives nothing', async () => {
    const approved = await approve(world);
    const { userId = '' } = (await grantOf(approved)) ?? {};
    await world.engine.updateIf(users, userId, {}, { set: { status: 'disabled' } }, 'after');
    await expect(redeem(world, approved)).rejects.toEqual(refused('invalid_grant'));
    await world.engine.updateIf(users, userId, {}, { set: { status: 'active' } }, 'after');
    await redeem(world, approved);
  });
});

describe('a code shown again', () => {
  it('as it should be is a replay: the grant ends with all its tokens [A6.05]', async () => {
    const approved = await approve(world);
    const tokens = await redeem(world, approved);
    await refresh(world, approved.client_id, tokens);
    world.clock.advance(31);
    await expect(redeem(world, approved)).rejects.toEqual(refused('invalid_grant'));
    expect(await grantOf(approved)).toMatchObject({ stage: 'ended' });
    expect(world.events.at(-1)).toMatchObject({ event: 'grant.ended', rule: 'the code was redeemed again' });
    await expect(refresh(world, approved.client_id, tokens)).rejects.toEqual(refused('invalid_grant'));
  });

  it.each<[string, () => Parameters<typeof redeem>[2]]>([
    ['another verifier', () => ({ code_verifier: 'w'.repeat(43) })],
    ['another client', () => ({ client: { client_id: registered(world, 'Other'), grant_types: ['authorization_code'] } })],
    ['another redirect_uri', () => ({ redirect_uri: 'http://127.0.0.1:1/callback' })],
  ])('with %s is refused and takes nothing away [A6.05]', async (_, changed) => {
    const approved = await approve(world);
    const tokens = await redeem(world, approved);
    world.clock.advance(31);
    await expect(redeem(world, approved, changed())).rejects.toEqual(refused('invalid_grant'));
    await expect(refresh(world, approved.client_id, tokens)).resolves.toMatchObject({ token_type: 'Bearer' });
  });

  it('twice at the same moment gives tokens once, and they stay good', async () => {
    const approved = await approve(world);
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => redeem(world, approved)));
    const won = answers.filter((answer) => answer.status === 'fulfilled').map((answer) => answer.value);
    expect(won).toHaveLength(1);
    for (const answer of answers) if (answer.status === 'rejected') expect(answer.reason).toBeInstanceOf(TokenRefusal);
    for (const tokens of won) await refresh(world, approved.client_id, tokens);
  });
});
