/** Leavers behind oidc-provider itself: a refresh token that rotates, an account that goes, and a sign-out it tells of. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { upstreamSessions } from '../../src/stores/collections.ts';
import { callTool, refresh, type SignedIn, type Tokens } from '../support/client.ts';
import { freePorts } from '../support/free-ports.ts';
import { openRealIdp, type RealIdp } from '../support/real-idp.ts';
import { signingClient } from '../support/signing-client.ts';
import { startSystem, type System } from '../support/system.ts';
import { begin, finishConsent, linesOf, rowsOf, type Begun } from '../support/two-idps.ts';

let system: System;
let idp: RealIdp;
beforeAll(async () => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  const port = await freePorts();
  const { clientKey, connection } = await signingClient(port);
  let issuer = '';
  system = await startSystem({
    configure: (config) => {
      ({ issuer } = config);
      const real = connection({
        recheck: { afterSeconds: 0, graceSeconds: 0 },
      });
      return { ...config, connections: [...config.connections, real] };
    },
  });
  const backchannel_logout_uri = `${issuer}/backchannel-logout/real`;
  idp = await openRealIdp({ clientKey, port, redirect_uri: `${issuer}/callback/real`, backchannel_logout_uri });
});
afterAll(async () => {
  jest.restoreAllMocks();
  await Promise.all([system.close(), idp.close()]);
});

type Who = Begun & SignedIn;

async function signedIn(accountId: string): Promise<Who> {
  idp.signsIn = { accountId };
  const begun = await begin(system);
  await begun.browser.submit({}, { form: '/login/real' });
  return { ...begun, ...(await finishConsent(system, begun)) };
}
const renew = ({ client }: Who, token: string) => refresh(system, client, token);
const works = async ({ tokens }: Who) => (await callTool(system, tokens.access_token, 'whoami')).status;

describe('oidc-provider, asked again at every renewal', () => {
  let who: Who;
  beforeEach(async () => {
    idp.removed.clear();
    who = await signedIn(`person-${Math.random()}`);
  });

  it('gives a new refresh token each time, and ours is always the one that is good', async () => {
    let { refresh_token } = who.tokens;
    for (let round = 0; round < 4; round += 1) {
      const before = idp.count('/token');
      const response = await renew(who, refresh_token);
      expect(response.status).toBe(200);
      ({ refresh_token } = (await response.json()) as Tokens);
      expect(idp.count('/token')).toBe(before + 1);
    }
    expect(JSON.stringify(await rowsOf(system, upstreamSessions))).toContain('sealed');
  });

  it('never sees a token twice, however many renewals come at the same moment', async () => {
    const before = idp.count('/token');
    const answers = await Promise.all(Array.from({ length: 8 }, () => renew(who, who.tokens.refresh_token)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    const [tokens] = await Promise.all(answers.map(async (response) => (await response.json()) as Tokens));
    expect(idp.count('/token')).toBeGreaterThan(before);
    expect((await renew(who, tokens?.refresh_token ?? '')).status).toBe(200);
  });

  it('knows the account no more: nothing works from then on', async () => {
    expect(await works(who)).toBe(200);
    idp.removed.add(idp.signsIn.accountId);
    expect((await renew(who, who.tokens.refresh_token)).status).toBe(400);
    expect(await works(who)).toBe(401);
    expect(linesOf(system).map(({ event }) => event)).toContain('upstream.over');
  });

  it('tells of the sign-out of one session, signed, and ends what came of it alone', async () => {
    const other = await signedIn(idp.signsIn.accountId);
    expect([await works(who), await works(other)]).toEqual([200, 200]);
    const { browser } = who;
    await browser.get(`${idp.issuer}/session/end`);
    await browser.submit({ logout: 'yes' }, { form: '/session/end/confirm' });
    expect(await works(who)).toBe(401);
    expect((await renew(who, who.tokens.refresh_token)).status).toBe(400);
    expect(await works(other)).toBe(200);
    expect(linesOf(system).map(({ event }) => event)).toContain('upstream.signed-out');
  });
});
