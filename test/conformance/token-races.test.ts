import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { firstBroken } from '../../src/domain/audit-chain.ts';
import { readAuditChains } from '../../src/stores/audit-log.ts';
import { anotherApproval, grantOf } from '../support/codes.ts';
import type { SignedIn } from '../support/client.ts';
import { callTool, login, postForm } from '../support/client.ts';
import type { Answered, SecondInstance } from '../support/second-instance.ts';
import { startSecondInstance } from '../support/second-instance.ts';
import { slowEngine } from '../support/slow-engine.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';

let system: System;
let second: SecondInstance;
let like: SignedIn;
let slow = false;

beforeAll(async () => {
  system = await startSystem({
    configure: (config) => ({ ...config, limits: { ...config.limits, tokenFailuresPerMinute: 1_000_000 } }),
    wrapEngine: (engine) => {
      const delayed = slowEngine(engine);
      return new Proxy(engine, {
        get:
          (_, name: keyof typeof engine) =>
          (...given: never[]) =>
            ((slow ? delayed : engine)[name] as (...all: never[]) => unknown)(...given),
      });
    },
  });
  second = await startSecondInstance(system);
  like = await login(system);
});
afterAll(async () => {
  await second.close();
  await system.close();
});

async function post(instance: number, fields: Record<string, string>): Promise<Answered> {
  if (instance % 2 === 1) return second.post('/token', fields);
  const response = await postForm(`${system.issuer}/token`, fields);
  return { status: response.status, json: (await response.json()) as Record<string, string> };
}

const many = (count: number, work: (n: number) => Promise<Answered>) => Promise.all(Array.from({ length: count }, (_, n) => work(n)));
const statuses = (answers: readonly Answered[]) => answers.map(({ status }) => status).sort((a, b) => a - b);

/** Sockets that are open before a race begins. */
const warmUp = () => many(50, (n) => post(n, { grant_type: 'none' }));

const redemption = (code: string) => ({
  grant_type: 'authorization_code',
  client_id: like.client.client_id,
  redirect_uri: like.client.redirect_uri,
  code,
  code_verifier: like.pkce.code_verifier,
});
const refreshing = (refresh_token = '') => ({ grant_type: 'refresh_token', client_id: like.client.client_id, refresh_token });

describe('twenty redemptions of one code at once, on two instances', () => {
  async function race(): Promise<{ approval: Awaited<ReturnType<typeof anotherApproval>>; tokens: Record<string, string> }> {
    const approval = await anotherApproval(system, like);
    const answers = await many(20, (n) => post(n, redemption(approval.code)));
    expect(statuses(answers)).toEqual([200, ...Array.from({ length: 19 }, () => 400)]);
    const tokens = answers.find(({ status }) => status === 200)?.json ?? {};
    for (const { json } of answers) if (json !== tokens) expect(json['error']).toBe('invalid_grant');
    return { approval, tokens };
  }

  it('give tokens exactly once, and whoever got them is not stranded by the others [A6.06]', async () => {
    await warmUp();
    for (let round = 0; round < 50; round += 1) {
      const { approval, tokens } = await race();
      expect(await grantOf(system, approval)).toMatchObject({ stage: 'live', generation: 1 });
      if (round % 10 === 0) expect((await post(round, refreshing(tokens['refresh_token']))).status).toBe(200);
    }
  }, 60_000);

  it('over a slow store too, and whoever got them is not stranded by the others', async () => {
    await warmUp();
    slow = true;
    for (let round = 0; round < 50; round += 1) {
      const { approval, tokens } = await race();
      expect(await grantOf(system, approval)).toMatchObject({ stage: 'live', generation: 1 });
      if (round % 10 === 0) expect((await callTool(system, tokens['access_token'] ?? '', 'whoami')).status).toBe(200);
      expect((await post(round, refreshing(tokens['refresh_token']))).status).toBe(200);
    }
    slow = false;
  }, 60_000);

  it('sent twice in one breath, the first answer stays good', async () => {
    for (let round = 0; round < 50; round += 1) {
      const approval = await anotherApproval(system, like);
      const answers = await many(2, () => post(0, redemption(approval.code)));
      expect(statuses(answers)).toEqual([200, 400]);
      expect(await grantOf(system, approval)).toMatchObject({ stage: 'live' });
    }
  }, 60_000);

  it('sent again five milliseconds later by the network, the first answer stays good [F27]', async () => {
    for (let round = 0; round < 50; round += 1) {
      const approval = await anotherApproval(system, like);
      const again = async (n: number) => {
        await wait(5 * n);
        return post(n, redemption(approval.code));
      };
      const answers = await Promise.all([again(0), again(1)]);
      expect(statuses(answers)).toEqual([200, 400]);
      expect(await grantOf(system, approval)).toMatchObject({ stage: 'live' });
    }
  }, 60_000);

  it('a moment later it is a replay, on either instance', async () => {
    const approval = await anotherApproval(system, like);
    expect((await post(0, redemption(approval.code))).status).toBe(200);
    expect((await post(1, redemption(approval.code))).status).toBe(400);
    expect(await grantOf(system, approval)).toMatchObject({ stage: 'ended' });
  });
});

describe('fifty refreshes of one token at once, on two instances', () => {
  it.each([
    ['a quick store', false, 50],
    ['a slow store', true, 50],
  ])(
    'all give one and the same successor: %s [A11.05] [W95]',
    async (_, slowly, rounds) => {
      slow = slowly;
      const approval = await anotherApproval(system, like);
      let token = (await post(0, redemption(approval.code))).json['refresh_token'];
      for (let round = 0; round < rounds; round += 1) {
        const answers = await many(50, (n) => post(n, refreshing(token)));
        expect(statuses(answers)).toEqual(Array.from({ length: 50 }, () => 200));
        const successors = new Set(answers.map(({ json }) => json['refresh_token']));
        expect(successors.size).toBe(1);
        expect(successors.has(token)).toBe(false);
        // One row, one lineage: what is good now is this generation and no other.
        expect(await grantOf(system, approval)).toMatchObject({ stage: 'live', generation: round + 2 });
        token = [...successors][0];
      }
      slow = false;
      expect((await post(1, refreshing(token))).status).toBe(200);
    },
    90_000,
  );

  it('and the record of it all is whole and complete', async () => {
    const counts = new Map<string, number>();
    for await (const chain of readAuditChains(system.engine)) {
      expect(firstBroken(chain)).toBeNull();
      for (const { event } of chain) counts.set(event.event, (counts.get(event.event) ?? 0) + 1);
    }
    // The login, four times fifty races, the replay and two chains; a refresh after every tenth quick race and each slow one, and the chains.
    expect(counts.get('token.issued')).toBe(1 + 200 + 1 + 2);
    expect(counts.get('token.refreshed')).toBe(5 + 50 + 2 * (50 * 50 + 1));
  });
});
