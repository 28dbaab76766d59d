import { nodeEntropy } from '../../src/platform/node-entropy.ts';
import { openSealing } from '../../src/platform/node-sealing.ts';
import { GrantId } from '../../src/domain/ids.ts';
import { codeOf, readCode, refreshTokenOf } from '../../src/domain/token-format.ts';
import { grants } from '../../src/stores/collections.ts';
import type { SignedIn } from './client.ts';
import { postForm } from './client.ts';
import type { System } from './system.ts';

type Stored = Pick<System, 'engine' | 'masterKey' | 'clock'>;

/** The stored grant behind a login. */
export async function grantOf({ engine, masterKey }: Stored, { code }: Pick<SignedIn, 'code'>): Promise<Record<string, unknown>> {
  const id = readCode(code, openSealing(masterKey).mac);
  const row = id === null ? null : await engine.get(grants, id);
  if (row === null) throw new Error('there is no such grant');
  return row;
}

/** Another approval just like the one behind a login, written straight into the store: its code, not yet redeemed, and its first refresh token. */
export async function anotherApproval(
  system: Stored,
  like: SignedIn,
  changed: Record<string, unknown> = {},
): Promise<{ id: GrantId; code: string; refresh_token: string }> {
  const { engine, masterKey, clock } = system;
  const { answeredAt: _answered, endedBecause: _ended, ...row } = await grantOf(system, like);
  const id = GrantId.parse(nodeEntropy.id());
  const now = clock.now();
  const fresh = { stage: 'coded', generation: 1, rotations: [], createdAt: now, usedAt: now, expiresAt: now + 300_000 };
  await engine.insert(grants, { ...row, ...fresh, ...changed, id });
  const { mac } = openSealing(masterKey);
  return { id, code: codeOf(id, mac).reveal(), refresh_token: refreshTokenOf(id, 1, mac).reveal() };
}

export type Fields = Record<string, string>;

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Fields;
}

export const answered = async (response: Response): Promise<Answered> => ({
  status: response.status,
  headers: response.headers,
  body: (await response.json()) as Fields,
});

export const without = (fields: Fields, ...names: string[]): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));

/** What the tests of the token endpoint do over and over, at one system and in the likeness of one login. */
export function tokenDesk(system: System, like: SignedIn) {
  return {
    /** A code of the client's, not yet redeemed, and the request that would redeem it. */
    fresh: async (changed: Record<string, unknown> = {}) => {
      const approval = await anotherApproval(system, like, changed);
      const { client_id, redirect_uri } = like.client;
      const { code_verifier } = like.pkce;
      const fields: Fields = { grant_type: 'authorization_code', client_id, redirect_uri, code: approval.code, code_verifier };
      return { ...approval, fields };
    },
    post: async (fields: Fields, headers: Fields = {}) => answered(await postForm(`${system.issuer}/token`, fields, headers)),
    stageOf: async (approval: { code: string }) => (await grantOf(system, approval))['stage'],
  };
}
