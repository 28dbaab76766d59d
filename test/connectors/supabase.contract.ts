import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

export interface ContractProject {
  readonly url: string;
  readonly key: string;
  close(): Promise<void>;
}

interface Said {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** What the connector relies on, asked in ways that change nothing at a real project: the same of the emulator and of GoTrue itself. */
export function supabaseContract(name: string, open: () => Promise<ContractProject>): void {
  describe(`Supabase Auth, ${name}`, () => {
    let project: ContractProject;
    beforeAll(async () => {
      project = await open();
    });
    afterAll(async () => project.close());

    async function ask(path: string, init: RequestInit & { apikey?: string | null; dated?: boolean } = {}): Promise<Said> {
      const { apikey = project.key, dated = false, ...more } = init;
      const headers = {
        ...(apikey === null ? {} : { apikey }),
        ...(dated ? { 'x-supabase-api-version': '2024-01-01' } : {}),
        ...(more.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(more.headers as Record<string, string> | undefined),
      };
      const response = await fetch(`${project.url}/auth/v1${path}`, { redirect: 'manual', ...more, headers });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: text.startsWith('{') ? (JSON.parse(text) as Said['body']) : {} };
    }
    const post = (path: string, body: unknown, more: Parameters<typeof ask>[1] = {}) =>
      ask(path, { method: 'POST', body: JSON.stringify(body), ...more });
    const stranger = () => `nobody-${randomBytes(8).toString('hex')}@example.com`;

    it('says what it is and what is switched on', async () => {
      expect((await ask('/health')).body).toMatchObject({ name: 'GoTrue', version: expect.any(String) });
      const settings = (await ask('/settings')).body;
      expect(settings).toMatchObject({ external: expect.any(Object), mailer_autoconfirm: expect.any(Boolean) });
    });

    it('wants its key, and publishes the key set without [Q-SUPABASE-45]', async () => {
      expect((await ask('/settings', { apikey: null })).status).toBe(401);
      expect((await ask('/settings', { apikey: 'wrong' })).status).toBe(401);
      const jwks = await ask('/.well-known/jwks.json', { apikey: null });
      expect(jwks.status).toBe(200);
      const { keys } = jwks.body as { keys: Record<string, unknown>[] };
      for (const key of keys) expect(Object.keys(key)).toEqual(expect.not.arrayContaining(['d', 'k', 'p', 'q']));
    });

    it('names the error in a header, in both shapes of the body [Q-SUPABASE-32]', async () => {
      const credentials = { email: stranger(), password: 'not it' };
      const plain = await post('/token?grant_type=password', credentials);
      expect(plain.status).toBe(400);
      expect(plain.headers.get('x-sb-error-code')).toBe('invalid_credentials');
      expect(plain.body).toMatchObject({ code: 400, error_code: 'invalid_credentials', msg: expect.any(String) });
      const dated = await post('/token?grant_type=password', credentials, { dated: true });
      expect(dated.headers.get('x-sb-error-code')).toBe('invalid_credentials');
      expect(dated.body).toMatchObject({ code: 'invalid_credentials', message: expect.any(String) });
    });

    it.each<[string, string, object, number, string]>([
      [
        'a code nobody gave',
        '/token?grant_type=pkce',
        { auth_code: crypto.randomUUID(), code_verifier: 'v'.repeat(43) },
        404,
        'flow_state_not_found',
      ],
      ['no code', '/token?grant_type=pkce', { auth_code: '', code_verifier: '' }, 400, 'validation_failed'],
      ['a refresh token nobody gave', '/token?grant_type=refresh_token', { refresh_token: 'aaaaaaaaaaaa' }, 400, 'refresh_token_not_found'],
      ['a mailed code for nobody', '/verify', { type: 'email', email: 'nobody@example.com', token: '000000' }, 403, 'otp_expired'],
    ])('refuses %s', async (_what, path, body, status, code) => {
      const said = await post(path, body);
      expect({ status: said.status, code: said.headers.get('x-sb-error-code') }).toEqual({ status, code });
    });

    it('mails no code to people it does not know when told not to make them', async () => {
      const said = await post('/otp', { email: stranger(), create_user: false });
      expect({ status: said.status, code: said.headers.get('x-sb-error-code') }).toEqual({ status: 422, code: 'otp_disabled' });
    });

    it.each(['/user', '/factors/00000000-0000-4000-8000-000000000000/challenge', '/logout?scope=local'])(
      '%s wants a session',
      async (path) => {
        const said = await ask(path, { method: path === '/user' ? 'GET' : 'POST' });
        expect({ status: said.status, code: said.headers.get('x-sb-error-code') }).toEqual({ status: 401, code: 'no_authorization' });
      },
    );

    it('sends to a social identity provider with a state of its own [Q-SUPABASE-01] [Q-SUPABASE-46]', async () => {
      const { external } = (await ask('/settings')).body as { external: Record<string, boolean> };
      const [way] = Object.entries(external).flatMap(([each, on]) => (on && ['google', 'github', 'azure'].includes(each) ? [each] : []));
      const query = new URLSearchParams({
        provider: way ?? 'google',
        redirect_to: 'https://elsewhere.example/',
        state: 'ours',
        code_challenge: 'c'.repeat(43),
        code_challenge_method: 's256',
      });
      const said = await ask(`/authorize?${query.toString()}`, { apikey: null });
      if (way === undefined) return expect(said.status).toBe(400);
      expect(said.status).toBe(302);
      const state = new URL(said.headers.get('location') ?? '').searchParams.get('state');
      expect([null, '', 'ours']).not.toContain(state);
      return undefined;
    });
  });
}
