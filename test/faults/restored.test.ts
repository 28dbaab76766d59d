/** Time travel: yesterday's backup is put in place of today's store, and what was revoked since lives again until the operator ends it. */
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { DatabaseSync } from '@photostructure/sqlite';
import { authorizeUrl, callTool, consent, login, openBrowser, pkce, postForm, redeem, refresh, register } from '../support/client.ts';
import type { SignedIn, Tokens } from '../support/client.ts';
import { startMongo } from '../support/mongo-server.ts';
import type { MongoServer } from '../support/mongo-server.ts';
import { needs } from '../support/prerequisites.ts';
import { removeTemporaryFolders, runProduct, startProduct, temporaryFolder } from '../support/product-process.ts';
import type { Product } from '../support/product-process.ts';
import { freePorts } from '../support/free-ports.ts';

const slow = 90_000;
type Env = Readonly<Record<string, string>>;

/** How one kind of store is used, kept and put back, as docs/operating.md says. */
interface Store {
  readonly env: Env;
  /** Whether a command may work on it beside a running process. */
  readonly isShared: boolean;
  backUp(): Promise<void>;
  /** Answers with the environment of the next start. */
  restore(): Env;
}

let product: Product;
afterEach(async () => void (await product.stop()), slow);
afterAll(removeTemporaryFolders, slow);

async function standing({ client, tokens }: SignedIn): Promise<[number, number]> {
  const called = await callTool(product, tokens.access_token, 'whoami');
  await called.text();
  return [called.status, (await refresh(product, client, tokens.refresh_token)).status];
}

/** An approval whose code nobody has redeemed yet. */
async function approved(): Promise<() => Promise<Response>> {
  const [client, secrets] = [await register(product), pkce()];
  const answer = await consent(openBrowser(), authorizeUrl(product, client, secrets), { login: 'alice', scope: ['read'] });
  const { client_id, redirect_uri } = client;
  const code = answer.searchParams.get('code') ?? '';
  return async () => redeem(product, { client_id, redirect_uri, code, code_verifier: secrets.code_verifier });
}

async function travel(folder: string, port: number, store: Store): Promise<void> {
  const launch = (env: Env) => ({ folder, port, env: { ...env, PORT: String(port) } });
  const command = (env: Env, ...args: string[]) => runProduct({ ...launch(env), args });
  product = await startProduct(launch(store.env));
  const [revoked, kept] = [await login(product, { login: 'alice', scope: ['read'] }), await login(product, { login: 'carol' })];
  const redeemLate = await approved();
  await store.backUp();

  expect(await standing(revoked)).toEqual([200, 200]);
  await postForm(`${product.issuer}/revoke`, { token: revoked.tokens.refresh_token, client_id: revoked.client.client_id });
  expect(await standing(revoked)).toEqual([401, 400]);
  const next = (await (await refresh(product, kept.client, kept.tokens.refresh_token)).json()) as Tokens;
  const later = await login(product, { login: 'erin', scope: ['read'] });
  await product.stop();

  const env = store.restore();
  product = await startProduct(launch(env));
  // What a restore does by itself: the one who was thrown out is back, and who came later is unknown.
  expect(await standing(revoked)).toEqual([200, 200]);
  expect(await standing(later)).toEqual([401, 400]);
  if (!store.isShared) await product.stop();
  const ended = await command(env, 'grants', 'end', '--all', '--json');
  const until = new Date().toISOString();
  expect(ended).toMatchObject({ code: 0, stderr: expect.stringMatching(/^3 grants seen, 3 ended$/m) });
  expect(JSON.parse(ended.stdout)).toEqual({ seen: 3, ended: 3 });
  if (!store.isShared) product = await startProduct(launch(env));
  else await new Promise((resolve) => setTimeout(resolve, 1_900));

  for (const one of [revoked, kept, { ...kept, tokens: next }, later]) expect(await standing(one)).toEqual([401, 400]);
  expect((await redeemLate()).status).toBe(400);
  const anew = await login(product, { login: 'alice', scope: ['read'] });
  if (!store.isShared) await product.stop();
  const again = await command(env, 'grants', 'end', '--all', '--before', until);
  expect(again).toMatchObject({ code: 0, stdout: '0 of 4 grants ended; the others were over or not meant\n' });
  const audit = await command(env, 'audit', '--event', 'grant.ended');
  expect(audit).toMatchObject({ code: 0, stderr: expect.stringMatching(/every chain is whole/) });
  expect(audit.stdout.match(/ended by an operator/g)).toHaveLength(3);
  if (!store.isShared) product = await startProduct(launch(env));
  expect(await standing(anew)).toEqual([200, 200]);
}

describe('a restored backup of the embedded store', () => {
  it(
    '[F40] [I2] [I4] nothing from before works once all grants are ended, and everybody can sign in again',
    async () => {
      const [folder, port] = [temporaryFolder(), await freePorts()];
      const [file, copy] = [join(folder, 'data/drawbridge.db'), join(folder, 'backup.db')];
      await travel(folder, port, {
        env: {},
        isShared: false,
        backUp: async () => {
          const db = new DatabaseSync(file, { timeout: 5_000 });
          db.exec(`VACUUM INTO '${copy}'`);
          db.close();
          return Promise.resolve();
        },
        restore: () => {
          for (const beside of ['-wal', '-shm']) rmSync(`${file}${beside}`, { force: true });
          copyFileSync(copy, file);
          return {};
        },
      });
    },
    slow,
  );
});

needs('mongodb', 'a restored backup of MongoDB', () => {
  let server: MongoServer;
  beforeAll(async () => {
    server = await startMongo();
  }, slow);
  afterAll(() => server.close(), slow);

  it(
    '[F40] [I2] [I4] nothing from before works once all grants are ended, told to the instance that runs, and everybody can sign in again',
    async () => {
      const [folder, port] = [temporaryFolder(), await freePorts()];
      const [today, yesterday] = [server.url(server.database()), server.url(server.database())];
      await travel(folder, port, {
        env: { DRAWBRIDGE_STORE: today },
        isShared: true,
        backUp: async () => {
          const copied = await runProduct({ folder, args: ['store', 'copy', '--from', today, '--to', yesterday] });
          expect(copied.code).toBe(0);
        },
        restore: () => ({ DRAWBRIDGE_STORE: yesterday }),
      });
    },
    slow,
  );
});
