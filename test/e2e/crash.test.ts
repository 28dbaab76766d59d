/** The process killed again and again in the middle of sign-ins, refreshes and revocations: what it acknowledged is true afterwards. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  authorizeUrl,
  callTool,
  consent,
  login,
  openBrowser,
  pkce,
  postForm,
  redeem,
  refresh,
  register,
  signIn,
} from '../support/client.ts';
import type { Pkce, SignedIn, TestClient, Tokens } from '../support/client.ts';
import type { Browser } from '../support/browser.ts';
import { removeTemporaryFolders, runProduct, startProduct } from '../support/product-process.ts';
import type { Product } from '../support/product-process.ts';

const slow = 120_000;
/** How many sign-ins each round waits for before the kill, among everything else that goes on. */
const rounds = [1, 2, 3, 4, 5, 6];

/** A family as its client knows it: the newest refresh token it was given. */
interface Family {
  readonly client: TestClient;
  token: string;
  /** The token it had sent, and got no answer for, when the process died. */
  unanswered: string | null;
}

/** An authorization code its client has, and does not know the fate of. */
interface Loose {
  readonly client: TestClient;
  readonly secrets: Pkce;
  readonly code: string;
}

/** Everything that was acknowledged, and what was never answered. */
interface Ledger {
  readonly families: Family[];
  readonly revoked: SignedIn[];
  readonly loose: Loose[];
  readonly refused: string[];
  refreshes: number;
  /** Refreshes that the kills left without an answer. */
  cut: number;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs until the process is gone; only the loss of the connection ends it quietly. */
async function untilTheEnd(once: () => Promise<void>): Promise<void> {
  for (let count = 0; count < 10_000; count += 1) {
    try {
      await once();
    } catch (error) {
      if (/^(fetch failed|terminated)$/.test((error as Error).message)) return;
      throw error;
    }
  }
}

async function refreshOnce(product: Product, family: Family, ledger: Ledger): Promise<void> {
  family.unanswered = family.token;
  const response = await refresh(product, family.client, family.token);
  const body = (await response.json()) as Tokens;
  if (response.status !== 200) ledger.refused.push(`refresh: ${JSON.stringify(body)}`);
  else family.token = body.refresh_token;
  family.unanswered = null;
  ledger.refreshes += 1;
  await pause(3);
}

/** A sign-in of which every step that was answered is on record. */
async function signInOnce(product: Product, person: string, ledger: Ledger): Promise<void> {
  const client = await register(product);
  const secrets = pkce();
  const answer = await consent(openBrowser(), authorizeUrl(product, client, secrets), { login: person, scope: ['read'] });
  const loose: Loose = { client, secrets, code: answer.searchParams.get('code') ?? '' };
  ledger.loose.push(loose);
  const tokens = (await (await redeemLoose(product, loose)).json()) as Tokens;
  ledger.loose.splice(ledger.loose.indexOf(loose), 1);
  ledger.families.push({ client, token: tokens.refresh_token, unanswered: null });
}

const redeemLoose = (product: Product, { client, secrets, code }: Loose): Promise<Response> =>
  redeem(product, { client_id: client.client_id, code, code_verifier: secrets.code_verifier, redirect_uri: client.redirect_uri });

async function revokeOnce(product: Product, ledger: Ledger): Promise<void> {
  const signedIn = await login(product, { login: 'carol', scope: ['read'] });
  const { status } = await postForm(`${product.issuer}/revoke`, {
    token: signedIn.tokens.refresh_token,
    client_id: signedIn.client.client_id,
  });
  if (status === 200) ledger.revoked.push(signedIn);
  else ledger.refused.push(`revoke: ${status}`);
}

/** Somebody who stands before the decision when the process dies. */
async function standing(product: Product): Promise<{ browser: Browser; client: TestClient }> {
  const client = await register(product);
  const browser = openBrowser();
  await browser.get(authorizeUrl(product, client, pkce()));
  await signIn(browser, 'erin');
  return { browser, client };
}

describe('killed in the middle of everything', () => {
  let product: Product;
  const ledger: Ledger = { families: [], revoked: [], loose: [], refused: [], refreshes: 0, cut: 0 };
  beforeAll(async () => {
    product = await startProduct();
  }, slow);
  afterAll(async () => {
    await product.stop();
    await removeTemporaryFolders();
  }, slow);

  async function checkFamilies(families: readonly Family[]): Promise<void> {
    for (const family of families) {
      const answers: string[] = [];
      // Whoever got no answer asks again with what it has; everybody else asks twice, as two processes of one app would.
      for (const token of [family.unanswered ?? family.token, family.token]) {
        const response = await refresh(product, family.client, token);
        const body = (await response.json()) as Tokens;
        expect([response.status, body]).toEqual([200, expect.objectContaining({ refresh_token: expect.any(String) })]);
        expect((await callTool(product, body.access_token, 'whoami')).status).toBe(200);
        answers.push(body.refresh_token);
      }
      expect(answers[1]).toBe(answers[0]);
      family.token = answers[0] ?? '';
      family.unanswered = null;
    }
  }

  async function checkRevoked(): Promise<void> {
    for (const { client, tokens } of ledger.revoked) {
      expect((await refresh(product, client, tokens.refresh_token)).status).toBe(400);
      expect((await callTool(product, tokens.access_token, 'whoami')).status).toBe(401);
    }
  }

  /** A code of unknown fate is good at most once, and whoever is refused can sign in again. */
  async function checkLoose(): Promise<void> {
    for (const loose of ledger.loose.splice(0)) {
      const first = await redeemLoose(product, loose);
      if (first.status === 200) expect((await redeemLoose(product, loose)).status).toBe(400);
      else expect([first.status, await first.json()]).toEqual([400, expect.objectContaining({ error: 'invalid_grant' })]);
      await login(product, { client: loose.client, login: 'alice' });
    }
  }

  it.each(rounds)(
    'while sign-in %i of a round has just been answered: every refresh token given out goes on, what was revoked stays dead, nobody has to start over',
    async (signIns) => {
      const already = ledger.families.length;
      for (const person of ['alice', 'carol', 'erin', 'alice']) await signInOnce(product, person, ledger);
      const fresh = ledger.families.slice(already);
      const { browser } = await standing(product);
      const traffic = [
        ...fresh.map((family) => untilTheEnd(() => refreshOnce(product, family, ledger))),
        untilTheEnd(() => signInOnce(product, 'alice', ledger)),
        untilTheEnd(() => signInOnce(product, 'erin', ledger)),
        untilTheEnd(() => revokeOnce(product, ledger)),
      ];
      const [refreshes, revoked] = [ledger.refreshes, ledger.revoked.length];
      const isUnderWay = () =>
        ledger.families.length >= already + fresh.length + signIns && ledger.refreshes > refreshes + 20 && ledger.revoked.length > revoked;
      for (let waited = 0; waited < 5_000 && !isUnderWay(); waited += 1) await pause(2);
      expect(isUnderWay()).toBe(true);
      await product.stop('SIGKILL');
      await Promise.all(traffic);
      expect(ledger.refused).toEqual([]);
      ledger.cut += fresh.filter(({ unanswered }) => unanswered !== null).length;

      product = await startProduct({ port: product.port, folder: product.folder });
      await checkFamilies(ledger.families.slice(already));
      await checkRevoked();
      await checkLoose();
      await browser.submit({ scope: ['read'] }, { form: '/consent', press: 'Approve' });
      expect(browser.location?.searchParams.get('code')).toMatch(/^db_ac_/);
    },
    slow,
  );

  it(
    '[F22] and after the last, with refreshes cut off among them: every family of every round still goes on, and the audit log is whole',
    async () => {
      await checkFamilies(ledger.families);
      await checkRevoked();
      expect(ledger.cut).toBeGreaterThan(0);
      await product.stop('SIGKILL');
      const audit = await runProduct({ folder: product.folder, args: ['audit'], env: { PORT: String(product.port) } });
      expect(audit).toMatchObject({ code: 0, stderr: expect.stringMatching(/^\d+ rows checked, every chain is whole$/m) });
      const count = `${ledger.families.length} families, ${ledger.refreshes} refreshes (${ledger.cut} cut off) and ${ledger.revoked.length} revocations`;
      process.stderr.write(`${rounds.length} kills among ${count}\n`);
    },
    slow,
  );
});
