import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { people } from '../../src/demo/people.ts';
import { asked, beginSignIn, openBrowser, openIdp, redirect_uri, shownCode } from './sign-in.ts';

const mfa = { acr_values: 'urn:drawbridge:demo:mfa' };
const loginPage = 'Sign in';
const codePage = 'Enter your 6-digit code';

let idp: Awaited<ReturnType<typeof openIdp>>;
let logged: string[];

beforeEach(async () => {
  logged = [];
  idp = await openIdp((line) => logged.push(line));
});

afterEach(() => idp.close());

describe('the demonstration identity provider, with the password alone', () => {
  it('says who each person is, and claims no more than a password', async () => {
    for (const person of people) {
      const { browser, claims } = await beginSignIn(idp);
      expect(asked(browser)).toBe(loginPage);
      await browser.submit({ login: person.login, password: 'demo' });
      expect(await claims()).toMatchObject({
        iss: idp.issuer,
        sub: person.sub,
        name: person.name,
        preferred_username: person.login,
        email: `${person.login}@demo.example`,
        email_verified: true,
        groups: person.groups,
        acr: 'urn:drawbridge:demo:pwd',
        amr: ['pwd'],
        auth_time: expect.any(Number),
      });
    }
  });

  it('refuses a wrong password, keeps the user name, and lets the person try again', async () => {
    const { browser, claims } = await beginSignIn(idp);
    await browser.submit({ login: 'bob', password: 'Demo' });
    expect(browser.location).toBeNull();
    expect(browser.page.body).toContain('do not belong together');
    expect(browser.form().fields.get('login')).toBe('bob');
    expect(browser.form().fields.get('password')).toBe('');
    await browser.submit({ login: 'mallory', password: 'demo' });
    expect(browser.location).toBeNull();
    await browser.submit({ login: 'bob', password: 'demo' });
    expect(await claims()).toMatchObject({ preferred_username: 'bob' });
  });

  it('escapes what a stranger types', async () => {
    const { browser } = await beginSignIn(idp);
    await browser.submit({ login: '"><img src=x onerror=alert(1)>', password: 'x' });
    expect(browser.page.body).not.toContain('<img');
    expect(browser.form().fields.get('login')).toBe('"><img src=x onerror=alert(1)>');
  });

  it('remembers the person, asks again when told to, and lets somebody else take the seat', async () => {
    const browser = openBrowser();
    const first = await beginSignIn(idp, {}, browser);
    await browser.submit({ login: 'alice', password: 'demo' });
    await first.claims();
    const second = await beginSignIn(idp, {}, browser);
    expect(await second.claims()).toMatchObject({ preferred_username: 'alice' });
    for (const prompt of ['login', 'select_account']) {
      const again = await beginSignIn(idp, { prompt }, browser);
      expect([prompt, asked(browser)]).toEqual([prompt, loginPage]);
      expect(browser.form().fields.get('login')).toBe(prompt === 'login' ? 'alice' : 'bob');
      const next = prompt === 'login' ? 'bob' : 'carol';
      await browser.submit({ login: next, password: 'demo' });
      expect(await again.claims()).toMatchObject({ preferred_username: next });
    }
    const last = await beginSignIn(idp, {}, browser);
    expect(await last.claims()).toMatchObject({ preferred_username: 'carol' });
  });

  it('signs out, and knows nobody afterwards', async () => {
    const browser = openBrowser();
    await beginSignIn(idp, {}, browser);
    await browser.submit({ login: 'alice', password: 'demo' });
    await browser.get(`${idp.issuer}/session/end`);
    expect(asked(browser)).toBe('Sign out of the demonstration?');
    await browser.submit();
    expect(asked(browser)).toBe('You are signed out');
    // Without a session that page submits itself with the one script there is, and its digest is in the policy.
    await browser.get(`${idp.issuer}/session/end`);
    expect(browser.page.headers.get('content-security-policy')).toMatch(/script-src 'sha256-[^']+'/);
    await browser.submit();
    expect(asked(browser)).toBe('You are signed out');
    await beginSignIn(idp, {}, browser);
    expect(asked(browser)).toBe(loginPage);
  });

  it('does not stop at its own consent page', async () => {
    const { browser, claims } = await beginSignIn(idp, { prompt: 'login consent' });
    await browser.submit({ login: 'carol', password: 'demo' });
    expect(await claims()).toMatchObject({ preferred_username: 'carol', groups: ['it-admins'] });
  });

  it('sends a person back who does not want to sign in', async () => {
    const { browser } = await beginSignIn(idp);
    await browser.get(`${browser.page.url.pathname}/leave`);
    expect(browser.location).toBeNull();
    await browser.submit();
    expect(browser.location?.searchParams.get('error')).toBe('access_denied');
  });
});

describe('the demonstration identity provider, when a second factor is asked for', () => {
  const requests: Record<string, string>[] = [
    mfa,
    { acr_values: 'mfa' },
    { acr_values: 'urn:example:other urn:drawbridge:demo:mfa' },
    { claims: JSON.stringify({ id_token: { acr: { essential: true, value: 'urn:drawbridge:demo:mfa' } } }) },
    { claims: JSON.stringify({ id_token: { acr: { essential: true, values: ['urn:drawbridge:demo:mfa'] } } }) },
  ];

  it.each(requests)('asks for the code and proves it: %j', async (request) => {
    const { browser, claims } = await beginSignIn(idp, request);
    await browser.submit({ login: 'alice', password: 'demo' });
    expect(asked(browser)).toBe(codePage);
    await browser.submit({ code: shownCode(browser) });
    expect(await claims()).toMatchObject({ acr: 'urn:drawbridge:demo:mfa', amr: ['pwd', 'otp', 'mfa'], auth_time: expect.any(Number) });
  });

  it('refuses an assurance it does not have instead of pretending', async () => {
    const { browser } = await beginSignIn(idp, {
      claims: JSON.stringify({ id_token: { acr: { essential: true, value: 'urn:example:hardware' } } }),
    });
    expect(browser.location?.searchParams.get('error')).toBe('unmet_authentication_requirements');
  });

  it('asks a person who is signed in with a password for the second factor only, and then not again', async () => {
    const browser = openBrowser();
    const first = await beginSignIn(idp, {}, browser);
    await browser.submit({ login: 'bob', password: 'demo' });
    const { auth_time } = await first.claims();
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const second = await beginSignIn(idp, mfa, browser);
    expect(asked(browser)).toBe(codePage);
    await browser.submit({ code: shownCode(browser) });
    expect(await second.claims()).toMatchObject({ preferred_username: 'bob', acr: 'urn:drawbridge:demo:mfa', auth_time });
    const third = await beginSignIn(idp, mfa, browser);
    expect(await third.claims()).toMatchObject({ acr: 'urn:drawbridge:demo:mfa' });
  });

  it('asks for both when the application wants a fresh sign-in', async () => {
    const browser = openBrowser();
    await beginSignIn(idp, mfa, browser);
    await browser.submit({ login: 'bob', password: 'demo' });
    await browser.submit({ code: shownCode(browser) });
    const { claims } = await beginSignIn(idp, { ...mfa, prompt: 'login' }, browser);
    expect(asked(browser)).toBe(loginPage);
    await browser.submit({ login: 'bob', password: 'demo' });
    expect(asked(browser)).toBe(codePage);
    await browser.submit({ code: shownCode(browser) });
    expect(await claims()).toMatchObject({ amr: ['pwd', 'otp', 'mfa'] });
  });

  it('refuses a wrong code and lets the person try again', async () => {
    const { browser, claims } = await beginSignIn(idp, mfa);
    await browser.submit({ login: 'alice', password: 'demo' });
    const right = shownCode(browser);
    await browser.submit({ code: right.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10)) });
    expect(browser.location).toBeNull();
    expect(browser.page.body).toContain('did not match');
    await browser.submit({ code: `${right.slice(0, 3)} ${right.slice(3)}` });
    expect(await claims()).toMatchObject({ acr: 'urn:drawbridge:demo:mfa' });
  });

  it('takes each code once, also from another browser', async () => {
    const first = await beginSignIn(idp, mfa);
    await first.browser.submit({ login: 'alice', password: 'demo' });
    const code = shownCode(first.browser);
    await first.browser.submit({ code });
    await first.claims();
    const second = await beginSignIn(idp, mfa);
    await second.browser.submit({ login: 'alice', password: 'demo' });
    await second.browser.submit({ code });
    expect(second.browser.location).toBeNull();
    expect(second.browser.page.body).toContain('was used already');
    await second.browser.submit({ code: shownCode(second.browser) });
    expect(await second.claims()).toMatchObject({ acr: 'urn:drawbridge:demo:mfa' });
  });

  it('accepts the code of the step before, and none that is older', async () => {
    const { browser, claims } = await beginSignIn(idp, mfa);
    await browser.submit({ login: 'alice', password: 'demo' });
    const code = shownCode(browser);
    idp.wait(60);
    await browser.submit({ code });
    expect(browser.location).toBeNull();
    const later = shownCode(browser);
    idp.wait(30);
    await browser.submit({ code: later });
    expect(await claims()).toMatchObject({ acr: 'urn:drawbridge:demo:mfa' });
  });

  it('says how long to wait when every code of the moment is used', async () => {
    for (let turn = 0; turn < 3; turn += 1) {
      const { browser } = await beginSignIn(idp, mfa);
      await browser.submit({ login: 'alice', password: 'demo' });
      await browser.submit({ code: shownCode(browser) });
      expect(browser.location).not.toBeNull();
    }
    const { browser } = await beginSignIn(idp, mfa);
    await browser.submit({ login: 'alice', password: 'demo' });
    expect(browser.page.headers.get('refresh')).toBe('29');
    expect(browser.page.body).toContain('in 29 seconds');
    idp.wait(30);
    await browser.get(browser.page.url);
    await browser.submit({ code: shownCode(browser) });
    expect(browser.location).not.toBeNull();
  });
});

describe('the demonstration identity provider, as a neighbour', () => {
  it('insists on PKCE', async () => {
    const url = new URL(`${idp.issuer}/auth`);
    url.search = new URLSearchParams({ client_id: 'broker', redirect_uri, response_type: 'code', scope: 'openid' }).toString();
    const browser = openBrowser();
    await browser.get(url);
    expect(browser.location?.searchParams.get('error')).toBe('invalid_request');
  });

  it('sends every page with a policy that allows no script, no frame and no cache', async () => {
    const { browser } = await beginSignIn(idp);
    expect((await browser.post('/interaction/unknown/leave', new URLSearchParams())).status).toBe(400);
    const { browser: other } = await beginSignIn(idp);
    const pages = [other.page, await browser.get('/'), await browser.get('/interaction/unknown'), await browser.get('/auth')];
    expect(pages.map(({ status }) => status)).toEqual([200, 200, 400, 400]);
    for (const { headers, body } of pages) {
      expect(headers.get('content-security-policy')).toMatch(
        /default-src 'none'; style-src 'sha256-[^']+'; script-src; .*frame-ancestors 'none'/,
      );
      expect(headers.get('cache-control')).toContain('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(body).toMatch(/<html lang="en">[\s\S]*<h1>/);
      expect(body).not.toContain('<script');
    }
  });

  it('shows the sign-in page to the browser it was made for, and to no other', async () => {
    const { browser } = await beginSignIn(idp);
    expect((await browser.get(browser.page.url)).status).toBe(200);
    expect((await openBrowser().get(browser.page.url)).status).toBe(400);
  });

  it('answers to its own name only', async () => {
    const port = new URL(idp.issuer).port;
    expect((await fetch(`http://localhost:${port}/`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(421);
  });

  it('says what it can do, and nothing at all in its log', async () => {
    const document: unknown = await (await fetch(`${idp.issuer}/.well-known/openid-configuration`)).json();
    expect(document).toMatchObject({
      issuer: idp.issuer,
      acr_values_supported: expect.arrayContaining(['urn:drawbridge:demo:pwd', 'urn:drawbridge:demo:mfa']),
      code_challenge_methods_supported: ['S256'],
      scopes_supported: expect.arrayContaining(['openid', 'profile', 'email', 'groups']),
      claims_supported: expect.arrayContaining(['groups', 'acr', 'amr']),
      token_endpoint_auth_methods_supported: ['client_secret_basic'],
    });
    const { browser, claims } = await beginSignIn(idp, mfa);
    await browser.submit({ login: 'alice', password: 'demo' });
    await browser.submit({ code: shownCode(browser) });
    await claims();
    expect(logged).toEqual([]);
  });
});
