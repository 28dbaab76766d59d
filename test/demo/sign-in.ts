import * as oidc from 'openid-client';
import { Browser, wordsOf } from '../support/browser.ts';
import { startDemoIdp, type DemoIdp } from '../../src/demo/identity-server.ts';

export const redirect_uri = 'http://localhost:4999/callback';
const client_id = 'broker';
const client_secret = 'a secret of this test only';

/** The demonstration identity provider with one registered application, and a clock the test may move. */
export async function openIdp(log: (line: string) => void = () => {}): Promise<DemoIdp & { wait(seconds: number): void }> {
  // In the middle of a half minute, so that a slow test does not cross into the next.
  let clock = Math.floor(Date.now() / 30_000) * 30_000 + 1000;
  const clients = [{ client_id, client_secret, redirect_uris: [redirect_uri] }];
  const idp = await startDemoIdp({ port: 0, clients, log, now: () => clock });
  return { ...idp, wait: (seconds) => (clock += seconds * 1000) };
}

export const openBrowser = (): Browser => new Browser({ stopAt: (url) => url.href.startsWith(redirect_uri) });

export interface SignIn {
  readonly browser: Browser;
  /** Exchanges the code the browser was sent back with; the signature of the ID token is checked. */
  claims(): Promise<oidc.IDToken>;
}

/** Begins a sign-in the way an application does, and leaves the browser on the page it was shown. */
export async function beginSignIn(idp: DemoIdp, parameters: Record<string, string> = {}, browser = openBrowser()): Promise<SignIn> {
  const config = await oidc.discovery(new URL(idp.issuer), client_id, {}, oidc.ClientSecretBasic(client_secret), {
    execute: [oidc.allowInsecureRequests],
  });
  oidc.enableNonRepudiationChecks(config);
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [oidc.randomState(), oidc.randomNonce()];
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri,
    scope: 'openid profile email groups',
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
    ...parameters,
  });
  await browser.get(url);
  return {
    browser,
    claims: async () => {
      if (browser.location === null) throw new Error(`not sent back, but shown: ${wordsOf(browser.page.body).slice(0, 200)}`);
      const checks = { pkceCodeVerifier, expectedState, expectedNonce };
      const claims = (await oidc.authorizationCodeGrant(config, browser.location, checks)).claims();
      if (claims === undefined) throw new Error('there is no ID token');
      return claims;
    },
  };
}

/** The code the page shows to whoever is asked for one. */
export function shownCode(browser: Browser): string {
  const code = /id="current-code">(\d{6})</.exec(browser.page.body)?.[1];
  if (code === undefined) throw new Error(`no code is shown: ${wordsOf(browser.page.body).slice(0, 200)}`);
  return code;
}

export const asked = (browser: Browser): string => wordsOf(/<h1>(.*?)<\/h1>/s.exec(browser.page.body)?.[1] ?? 'nothing');
