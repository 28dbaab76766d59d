import { spawn, execFile, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { DatabaseSync } from '@photostructure/sqlite';
import { exportPKCS8, exportSPKI, generateKeyPair } from 'jose';
import { freePorts } from './free-ports.ts';

export interface Glewlwyd {
  /** What it calls itself. */
  readonly version: string;
  readonly issuer: string;
  readonly client_id: string;
  readonly client_secret: string;
  /** Who signs in. */
  readonly person: { readonly username: string; readonly name: string; readonly email: string };
  /** What it answers at one of its paths, such as `/token`, to a request we make ourselves. */
  ask(path: string, form?: Record<string, string>): Promise<{ readonly status: number; readonly text: string }>;
  /** The browser's part: signs the person in, agrees, and gives the parameters of the callback. */
  visit(url: URL): Promise<URLSearchParams>;
  setEnabled(enabled: boolean): Promise<void>;
  /** Deletes the person. */
  remove(): Promise<void>;
  stop(): Promise<void>;
  /** Begins again over the same database. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export interface GlewlwydOptions {
  readonly redirect_uri: string;
  readonly alg?: 'RS256' | 'ES256';
}

const startMs = 10_000;
const scopes = ['openid', 'profile', 'email'];

/** Debian's glewlwyd on loopback over a database of its own: one plugin that is an OpenID provider, one person, one client. */
export async function openGlewlwyd(program: string, { redirect_uri, alg = 'RS256' }: GlewlwydOptions): Promise<Glewlwyd> {
  const root = dirname(dirname(dirname(program)));
  const folder = mkdtempSync(join(tmpdir(), 'glewlwyd-'));
  const port = await freePorts();
  const origin = `http://127.0.0.1:${String(port)}`;
  const issuer = `${origin}/api/op/`;
  const env = { LD_LIBRARY_PATH: libraries(root) };
  writeFileSync(join(folder, 'glewlwyd.conf'), settings(root, folder, port));
  const database = new DatabaseSync(join(folder, 'glewlwyd.db'));
  database.exec(readFileSync(join(root, 'usr/share/dbconfig-common/data/glewlwyd/install/sqlite3'), 'utf8'));
  database.close();
  const { stdout } = await promisify(execFile)(program, ['--version'], { env });

  const secret = () => randomBytes(24).toString('hex');
  const person = { username: 'ana', name: 'Ana Anders', email: 'ana@corp.example', password: secret() };
  // With a character that a form encodes: RFC 6749 §2.3.1 has it so in the header too.
  const client = { client_id: 'drawbridge', password: `${secret()}_1` };
  let running: ChildProcess | null = null;

  async function start(): Promise<void> {
    const child = spawn(program, [`--config-file=${join(folder, 'glewlwyd.conf')}`], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    running = child;
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    for (const since = Date.now(); !(await answers(`${origin}/config`));) {
      if (child.exitCode !== null || Date.now() - since > startMs) throw new Error(`glewlwyd did not start: ${said}`);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }

  async function stop(): Promise<void> {
    const child = running;
    running = null;
    if (child === null || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** Every call is by somebody who has just signed in. */
  async function as(
    { username, password }: { username: string; password: string },
    method: string,
    path: string,
    body?: object,
  ): Promise<void> {
    const cookie = await sessionOf(origin, username, password);
    const headers = { cookie, 'content-type': 'application/json' };
    const response = await fetch(`${origin}/api${path}`, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
    if (response.status !== 200) throw new Error(`glewlwyd: ${method} ${path}: ${String(response.status)} ${await response.text()}`);
  }
  // As its own set-up leaves it, on a server that only this machine reaches.
  const admin = { username: 'admin', password: 'password' };
  const described = (enabled: boolean) => ({ name: person.name, email: person.email, enabled, scope: ['g_profile', ...scopes] });

  async function visit(url: URL): Promise<URLSearchParams> {
    const asked = await locationOf(url);
    const callback = asked.searchParams.get('callback_url');
    if (callback === null) return asked.searchParams;
    const cookie = await sessionOf(origin, person.username, person.password);
    await as(person, 'PUT', `/auth/grant/${client.client_id}`, { scope: scopes.join(' ') });
    return (await locationOf(new URL(`${callback}&g_continue`), cookie)).searchParams;
  }

  await start();
  try {
    await as(admin, 'POST', '/mod/plugin/', {
      module: 'oidc',
      name: 'op',
      display_name: 'OP',
      order_rank: 0,
      parameters: await plugin(issuer, alg),
    });
    for (const name of scopes.slice(1))
      await as(admin, 'POST', '/scope/', { name, display_name: name, password_required: false, scheme: {} });
    await as(admin, 'POST', '/user/', { username: person.username, password: person.password, ...described(true) });
    await as(admin, 'POST', '/client/', registration(client, redirect_uri));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    version: stdout.trim(),
    issuer,
    client_id: client.client_id,
    client_secret: client.password,
    person,
    visit,
    ask: async (path, form) => {
      const headers = { authorization: `Basic ${Buffer.from(`${client.client_id}:${client.password}`).toString('base64')}` };
      const body = form === undefined ? null : new URLSearchParams(form);
      const response = await fetch(`${issuer.slice(0, -1)}${path}`, { method: form === undefined ? 'GET' : 'POST', headers, body });
      return { status: response.status, text: await response.text() };
    },
    setEnabled: (enabled) => as(admin, 'PUT', `/user/${person.username}`, described(enabled)),
    remove: () => as(admin, 'DELETE', `/user/${person.username}`),
    stop,
    start,
    close: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Where what was unpacked beside the program keeps its libraries. */
const libraries = (root: string): string => {
  const lib = join(root, 'usr', 'lib');
  return readdirSync(lib)
    .filter((name) => name.endsWith('-linux-gnu'))
    .map((name) => join(lib, name))
    .join(':');
};

/** With the slash at the end of its address that doubles those in every endpoint. */
const settings = (root: string, folder: string, port: number): string => {
  const modules = { user: 'user', user_middleware: 'user_middleware', client: 'client', user_auth_scheme: 'scheme', plugin: 'plugin' };
  return [
    `port=${String(port)}`,
    'bind_address="127.0.0.1"',
    `external_url="http://127.0.0.1:${String(port)}/"`,
    'login_url="login.html"',
    'api_prefix="api"',
    `static_files_path="${folder}/"`,
    'log_mode="console"',
    'log_level="ERROR"',
    'cookie_domain="127.0.0.1"',
    'cookie_secure=0',
    'admin_scope="g_admin"',
    'profile_scope="g_profile"',
    'hash_algorithm="SHA512"',
    `database={type="sqlite3";path="${folder}/glewlwyd.db";};`,
    ...Object.entries(modules).map(([name, place]) => `${name}_module_path="${join(root, 'usr/lib/glewlwyd', place)}"`),
  ].join('\n');
};

async function plugin(iss: string, alg: 'RS256' | 'ES256'): Promise<Record<string, unknown>> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const off = ['token', 'implicit', 'none', 'password', 'client', 'device'].map((type) => [`auth-type-${type}-enabled`, false]);
  return {
    iss,
    'oauth-as-iss-id': true,
    'jwt-type': alg === 'RS256' ? 'rsa' : 'ecdsa',
    'jwt-key-size': '256',
    key: await exportPKCS8(privateKey),
    cert: await exportSPKI(publicKey),
    'jwks-show': true,
    'access-token-duration': 3600,
    'refresh-token-duration': 86_400,
    'code-duration': 60,
    'refresh-token-rolling': true,
    'refresh-token-one-use': 'never',
    'auth-type-code-enabled': true,
    'auth-type-refresh-enabled': true,
    ...Object.fromEntries(off),
    'pkce-allowed': true,
    'pkce-required': true,
    'subject-type': 'public',
    'allowed-scope': scopes,
    'scope-claim': 'no',
    'name-claim': 'on-demand',
    'name-claim-scope': ['profile'],
    'email-claim': 'on-demand',
    'email-claim-scope': ['email'],
  };
}

const registration = ({ client_id, password }: { client_id: string; password: string }, redirect_uri: string) => ({
  client_id,
  name: 'Drawbridge',
  confidential: true,
  password,
  client_secret: password,
  enabled: true,
  redirect_uri: [redirect_uri],
  authorization_type: ['code', 'refresh_token'],
  token_endpoint_auth_method: ['client_secret_basic', 'client_secret_post'],
  scope: [],
});

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => true,
    () => false,
  );

async function sessionOf(origin: string, username: string, password: string): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${origin}/api/auth`, { method: 'POST', headers, body: JSON.stringify({ username, password }) });
  const [cookie] = response.headers.getSetCookie();
  if (response.status !== 200 || cookie === undefined) throw new Error(`glewlwyd does not let ${username} in: ${String(response.status)}`);
  return cookie.split(';')[0] ?? '';
}

async function locationOf(url: URL, cookie = ''): Promise<URL> {
  const response = await fetch(url, { redirect: 'manual', headers: { cookie } });
  const location = response.headers.get('location');
  if (location === null) throw new Error(`glewlwyd stopped at ${url.pathname}: ${String(response.status)} ${await response.text()}`);
  return new URL(location);
}
