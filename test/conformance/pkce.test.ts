import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { grants } from '../../src/stores/collections.ts';
import type { DocumentEngine } from '../../src/ports/document-engine.ts';
import type { TestClient } from '../support/client.ts';
import { authorizeUrl, callTool, consent, openBrowser, pkce, redeem, refresh, register } from '../support/client.ts';
import type { Tokens } from '../support/client.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';
import { countOf, expectBegun, expectError } from '../support/wire.ts';

/** While true the store takes its time, so that requests overtake one another. */
let slow = false;
const slowed = (engine: DocumentEngine): DocumentEngine => ({
  insert: (collection, document) => engine.insert(collection, document),
  find: (collection, field, value, page) => engine.find(collection, field, value, page),
  delete: (collection, id, where) => engine.delete(collection, id, where),
  page: (collection, page) => engine.page(collection, page),
  sweep: (collection, now, limit) => engine.sweep(collection, now, limit),
  close: () => engine.close(),
  get: async (collection, id) => {
    const found = await engine.get(collection, id);
    if (slow) await new Promise((resolve) => setTimeout(resolve, 10));
    return found;
  },
  updateIf: (collection, id, where, change, returns) => engine.updateIf(collection, id, where, change, returns),
});

let system: System;
let client: TestClient;
beforeAll(async () => {
  system = await startSystem({ wrapEngine: slowed });
  client = await register(system);
});
afterAll(() => system.close());

const challengeOf = (verifier: string) => createHash('sha256').update(verifier).digest('base64url');
const url = (changes: Record<string, string | null>) => authorizeUrl(system, client, pkce(), changes);

async function codeFor(code_challenge: string): Promise<string> {
  const back = await consent(openBrowser(), authorizeUrl(system, client, { code_challenge, code_verifier: '' }));
  return back.searchParams.get('code') ?? '';
}

/** What the token endpoint says to a code and a verifier. */
async function show(code: string, code_verifier: string | null): Promise<{ status: number; body: Tokens & { error?: string } }> {
  const fields = { client_id: client.client_id, code, redirect_uri: client.redirect_uri };
  const response = await redeem(system, code_verifier === null ? fields : { ...fields, code_verifier });
  return { status: response.status, body: (await response.json()) as Tokens & { error?: string } };
}

describe('the code challenge', () => {
  const good = challengeOf('x'.repeat(43));

  it.each([
    ['no challenge', { code_challenge: null }],
    ['neither challenge nor method', { code_challenge: null, code_challenge_method: null }],
    ['no method, which would mean plain', { code_challenge_method: null }],
    ['plain', { code_challenge_method: 'plain' }],
    ['plain, with a verifier as challenge', { code_challenge_method: 'plain', code_challenge: 'x'.repeat(43) }],
    ['s256', { code_challenge_method: 's256' }],
    ['S512', { code_challenge_method: 'S512' }],
    ['two methods', { code_challenge_method: 'S256 plain' }],
    ['42 characters', { code_challenge: good.slice(1) }],
    ['44 characters', { code_challenge: `${good}A` }],
    ['129 characters', { code_challenge: 'A'.repeat(129) }],
    ['padding', { code_challenge: `${good}=` }],
    ['padding in place of the last character', { code_challenge: `${good.slice(1)}=` }],
    ['plus and slash', { code_challenge: `+/${good.slice(2)}` }],
    ['a tilde', { code_challenge: `~${good.slice(1)}` }],
    ['a space', { code_challenge: ` ${good.slice(1)}` }],
    ['another script', { code_challenge: `é${good.slice(1)}` }],
    ['a trailing line feed', { code_challenge: `${good}\n` }],
  ] as [string, Record<string, string | null>][])('[A6.01] [A6.02] [A6.03] [W12] [B1.06] is refused with %s', async (_, changes) => {
    await expectError(system, url(changes), 'invalid_request');
  });

  it('[A6.01] [W12] is asked of clients with a secret too', async () => {
    await expectBegun(system, url({ code_challenge: good }));
    const confidential = await register(system, { token_endpoint_auth_method: 'client_secret_basic' });
    await expectBegun(system, authorizeUrl(system, confidential, pkce()));
    await expectError(system, authorizeUrl(system, confidential, pkce(), { code_challenge: null }), 'invalid_request');
  });
});

describe('the code verifier', () => {
  it('[A6.03] has 43 to 128 unreserved characters', async () => {
    for (const verifier of ['a'.repeat(43), 'a'.repeat(128), '-._~'.repeat(12), `${'A0'.repeat(21)}~.`]) {
      const { status } = await show(await codeFor(challengeOf(verifier)), verifier);
      expect([verifier, status]).toEqual([verifier, 200]);
    }
    // Each matches its challenge, so only the shape can be why it is refused.
    for (const verifier of [
      'a'.repeat(42),
      'a'.repeat(129),
      `${'a'.repeat(43)}+`,
      `${'a'.repeat(43)} `,
      `${'a'.repeat(43)}é`,
      '=' + 'a'.repeat(43),
    ]) {
      const { status, body } = await show(await codeFor(challengeOf(verifier)), verifier);
      expect([verifier, status, body.error]).toEqual([verifier, 400, 'invalid_grant']);
    }
  });

  it('[A6.04] [W12] is compared before anything else happens: a wrong one gets nothing, a missing one neither', async () => {
    const { code_challenge, code_verifier } = pkce();
    const live = async () => (await system.engine.page(grants, { limit: 1000 })).filter(({ stage }) => stage === 'live').length;
    const before = await live();
    for (const [wrong, error] of [
      [pkce().code_verifier, 'invalid_grant'],
      [code_challenge, 'invalid_grant'],
      [code_verifier.toUpperCase(), 'invalid_grant'],
      [null, 'invalid_request'],
      ['', 'invalid_request'],
    ] as const) {
      const { status, body } = await show(await codeFor(code_challenge), wrong);
      expect([wrong, status, body.error, 'access_token' in body]).toEqual([wrong, 400, error, false]);
    }
    expect(await live()).toBe(before);
    const code = await codeFor(code_challenge);
    expect((await show(code, null)).body.error).toBe('invalid_request');
    expect((await show(code, code_verifier)).status).toBe(200);
    expect(await live()).toBe(before + 1);
  });

  it('[A6.05] ends what a code was redeemed for when it is shown rightly again, and does no harm otherwise', async () => {
    const { code_challenge, code_verifier } = pkce();
    const code = await codeFor(code_challenge);
    const { body: tokens } = await show(code, code_verifier);
    const thief = await register(system, { client_name: 'Thief' });
    expect((await show(code, pkce().code_verifier)).body.error).toBe('invalid_grant');
    const stolen = await redeem(system, { client_id: thief.client_id, code, code_verifier });
    expect(await stolen.json()).toMatchObject({ error: 'invalid_grant' });
    expect((await callTool(system, tokens.access_token, 'whoami')).status).toBe(200);
    expect((await show(code, code_verifier)).body.error).toBe('invalid_grant');
    expect((await callTool(system, tokens.access_token, 'whoami')).status).toBe(401);
    expect(await (await refresh(system, client, tokens.refresh_token)).json()).toMatchObject({ error: 'invalid_grant' });
  });

  it('[A6.06] lets exactly one of twenty at the same moment have the tokens', async () => {
    const { code_challenge, code_verifier } = pkce();
    const code = await codeFor(code_challenge);
    const before = await countOf(system, grants);
    slow = true;
    const answers = await Promise.all(Array.from({ length: 20 }, () => show(code, code_verifier))).finally(() => {
      slow = false;
    });
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, ...Array<number>(19).fill(400)]);
    expect(new Set(answers.map(({ body }) => body.error))).toEqual(new Set([undefined, 'invalid_grant']));
    expect(await countOf(system, grants)).toBe(before);
  });
});
