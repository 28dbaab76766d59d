import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { SignedIn } from '../support/client.ts';
import { login, postForm, register } from '../support/client.ts';
import { anotherApproval } from '../support/codes.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';
import { withinOneMinute } from '../support/wire.ts';

let system: System | null = null;
let who: SignedIn;

beforeEach(async () => {
  await system?.close();
  system = await startSystem({ configure: (config) => ({ ...config, limits: { ...config.limits, tokenFailuresPerMinute: 10 } }) });
  withinOneMinute(system);
  who = await login(system);
});
afterAll(() => system?.close());

describe('whoever guesses', () => {
  it.each<[string, (n: number) => Record<string, string>]>([
    ['codes', (n) => ({ grant_type: 'authorization_code', code: `db_ac_${'x'.repeat(22)}.${String(n).padStart(43, 'y')}` })],
    ['verifiers', (n) => ({ grant_type: 'authorization_code', code: who.code, code_verifier: String(n).padStart(43, 'v') })],
    ['refresh tokens', (n) => ({ grant_type: 'refresh_token', refresh_token: `db_rt_${'x'.repeat(22)}.${n + 1}.${'y'.repeat(43)}` })],
    ['secrets', (n) => ({ grant_type: 'refresh_token', client_secret: `guess-${n}` })],
  ])('%s is cut off after a few, told when to come back, and learns nothing more [A10.14]', async (what, guess) => {
    const running = system as System;
    const approval = await anotherApproval(running, who);
    const { client_id } = what === 'secrets' ? await register(running, { token_endpoint_auth_method: 'client_secret_post' }) : who.client;
    const statuses: number[] = [];
    for (let n = 0; n < 15; n += 1) {
      const response = await postForm(`${running.issuer}/token`, { client_id, code_verifier: 'v'.repeat(43), ...guess(n) });
      await response.text();
      statuses.push(response.status);
    }
    expect(statuses).toEqual([...Array<number>(10).fill(400), ...Array<number>(5).fill(429)]);
    const fields = {
      grant_type: 'authorization_code',
      client_id: who.client.client_id,
      code: approval.code,
      code_verifier: who.pkce.code_verifier,
    };
    const right = await postForm(`${running.issuer}/token`, fields);
    expect([right.status, Number(right.headers.get('retry-after')) > 0]).toEqual([429, true]);
  });
});
