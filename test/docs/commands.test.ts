import { setTimeout as delay } from 'node:timers/promises';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DatabaseSync } from '@photostructure/sqlite';
import { seenClients, signingKeys } from '../../src/stores/collections.ts';
import { callTool, claimsOf, login, refresh, register } from '../support/client.ts';
import { headerValues, openRecorder } from '../support/recorder-mcp.ts';
import { startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';
import { blocksOf, commandsOf, read, root } from './support.ts';

const run = promisify(execFile);

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.close());

/** A documented command, told about this system instead of the documented hosts, in a real shell. */
async function shell(command: string, env: Record<string, string> = {}): Promise<string> {
  const here = command
    .replaceAll('http://localhost:4000', system.issuer)
    .replaceAll('https://mcp.example.com', system.issuer)
    .replaceAll('http://localhost:4002', new URL(system.upstream).origin);
  const { stdout } = await run('sh', ['-c', here.replace(/^curl /, 'curl --noproxy "*" --max-time 10 ')], {
    env: { ...process.env, ...env },
  });
  return stdout;
}

const only = (path: string, pattern: RegExp): string => {
  const found = commandsOf(path).filter((command) => pattern.test(command));
  expect(found).toHaveLength(1);
  return found[0] ?? '';
};

describe('the first run, by hand', () => {
  const guide = 'docs/guides/first-run.md';

  it('shows the challenge and the two documents it leads to', async () => {
    const challenged = await shell(only(guide, /^curl -si /));
    expect(challenged).toMatch(/^HTTP\/1.1 401 /);
    const metadata = /resource_metadata="([^"]+)"/.exec(challenged)?.[1];
    expect(only(guide, /oauth-protected-resource/).replace('http://localhost:4000', system.issuer)).toContain(metadata);
    const resource = JSON.parse(await shell(only(guide, /oauth-protected-resource/))) as Record<string, unknown>;
    expect(resource).toMatchObject({ resource: system.mcp, authorization_servers: [system.issuer] });
    expect(JSON.parse(await shell(only(guide, /oauth-authorization-server/)))).toMatchObject({ issuer: system.issuer });
  });

  it('registers a client and writes nothing', async () => {
    const body = JSON.parse(await shell(only(guide, /\/register/))) as Record<string, unknown>;
    expect(body['client_id']).toMatch(/^dyn_/);
    expect(await system.engine.page(seenClients)).toEqual([]);
  });

  it('shows that the server behind the gateway serves anybody', async () => {
    expect(await shell(only(guide, /localhost:4002/))).toContain('"notes"');
  });

  it('prints as its last line what the guide shows', () => {
    const shown = blocksOf(read(guide)).find(({ language }) => language === 'json')?.text ?? '{}';
    expect(JSON.parse(shown)).toMatchObject({ ready: true, issuer: 'http://localhost:4000', mcp: 'http://localhost:4000/mcp' });
  });
});

describe('the guide for a server', () => {
  const guide = 'docs/guides/protect-a-server.md';

  it('makes a key that can be used', async () => {
    expect(Buffer.from((await shell(only(guide, /^node -e/))).trim(), 'base64url')).toHaveLength(32);
  });

  it('reads the assertion in five lines, and refuses a request without one', async () => {
    const code = blocksOf(read(guide)).find(({ language }) => language === 'js')?.text ?? '';
    expect(code.trim().split('\n').length).toBeLessThanOrEqual(5);
    const folder = mkdtempSync(join(tmpdir(), 'drawbridge-docs-'));
    const upstream = await openRecorder();
    const guarded = await startSystem({
      configure: (config) => ({ ...config, resources: config.resources.map((resource) => ({ ...resource, upstream: upstream.url })) }),
    });
    try {
      const { tokens } = await login(guarded);
      await callTool(guarded, tokens.access_token, 'whoami');
      const here = code
        .replaceAll('https://mcp.example.com', guarded.issuer)
        .replace('http://tickets.internal.example:8080/mcp', upstream.url);
      writeFileSync(join(folder, 'caller.mjs'), here);
      symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
      const ask =
        "import('./caller.mjs').then(({ callerOf }) => callerOf({ headers: new Headers(JSON.parse(process.argv[1])) })).then((caller) => console.log(JSON.stringify(caller)))";
      const callerOf = async (headers: Record<string, string>) => {
        const { stdout } = await run(process.execPath, ['-e', ask, JSON.stringify(headers)], { cwd: folder });
        return JSON.parse(stdout) as Record<string, unknown>;
      };
      const [seen] = headerValues(upstream.requests.at(-1), 'Drawbridge-Assertion');
      const caller = await callerOf({ 'Drawbridge-Assertion': String(seen) });
      const documented = [...read(guide).matchAll(/^\| (`[^|]+`) +\|/gm)].flatMap((row) => [...(row[1] ?? '').matchAll(/`(\w+)`/g)]);
      const always = ['iss', 'aud', 'iat', 'exp', 'jti'];
      const names = documented.map((match) => match[1]).filter((name) => name !== 'ownership');
      expect(new Set(Object.keys(caller).filter((name) => !always.includes(name)))).toEqual(new Set(names));
      expect(caller).toMatchObject({ tenant: 'acme', roles: ['editor'], grant_id: claimsOf(tokens.access_token)['grant_id'] });
      await expect(callerOf({})).rejects.toThrow('JWSInvalid');
      await expect(callerOf({ 'Drawbridge-Assertion': tokens.access_token })).rejects.toThrow('JWTClaimValidationFailed');
    } finally {
      await guarded.close();
      await upstream.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('the commands for a bad day', () => {
  /** The statement of a documented sqlite3 command, run on the file of the running system by another connection. */
  function sql(pattern: RegExp, changes: Record<string, string> = {}): unknown[] {
    const command = only('docs/operating.md', pattern);
    const statement = Object.entries(changes).reduce(
      (text, [name, value]) => text.replaceAll(name, value),
      /"((?:SELECT|UPDATE|DELETE|VACUUM)[^"]*)"/.exec(command)?.[1] ?? '',
    );
    const db = new DatabaseSync(system.config.store.replace(/^sqlite:/, ''), { timeout: 5000 });
    try {
      if (statement.startsWith('SELECT')) return db.prepare(statement).all();
      db.exec(statement);
      return [];
    } finally {
      db.close();
    }
  }

  /** A change by hand is noticed within a twentieth of a second when it falls beside a commit of ours. */
  async function change(pattern: RegExp, changes: Record<string, string> = {}): Promise<void> {
    sql(pattern, changes);
    await delay(100);
  }

  const works = async (token: string) => (await callTool(system, token, 'whoami')).status === 200;

  it('end what one person connected, and nobody else’s', async () => {
    const [erin, alice] = [await login(system, { login: 'erin', scope: ['read'] }), await login(system)];
    expect([await works(erin.tokens.access_token), await works(alice.tokens.access_token)]).toEqual([true, true]);
    await change(/UPDATE grants .*k_userId/, { USER_ID: String(claimsOf(erin.tokens.access_token)['sub']) });
    expect([await works(erin.tokens.access_token), await works(alice.tokens.access_token)]).toEqual([false, true]);
    expect((await refresh(system, erin.client, erin.tokens.refresh_token)).status).toBe(400);
    expect(await works((await login(system, { login: 'erin', scope: ['read'] })).tokens.access_token)).toBe(true);
  });

  it('put a person out, at the next sign-in too, and let them in again', async () => {
    const { tokens } = await login(system, { login: 'carol' });
    const id = String(claimsOf(tokens.access_token)['sub']);
    expect(sql(/SELECT id, .*FROM users/)).toContainEqual(expect.objectContaining({ id }));
    await change(/UPDATE users/, { USER_ID: id });
    expect(await works(tokens.access_token)).toBe(false);
    await expect(login(system, { login: 'carol' })).rejects.toThrow(/no access to this server/);
    await change(/UPDATE users/, { USER_ID: id, disabled: 'active' });
    expect(await works(tokens.access_token)).toBe(true);
  });

  it('withdraw a client', async () => {
    const { client, tokens } = await login(system);
    const rows = sql(/FROM seen_clients/) as { id: string }[];
    expect(rows.length).toBeGreaterThan(0);
    for (const { id } of rows) await change(/UPDATE seen_clients/, { CLIENT_KEY: id });
    expect(await works(tokens.access_token)).toBe(false);
    await expect(login(system, { client })).rejects.toThrow(/no form/);
  });

  it('end a grant as its client', async () => {
    const { client, tokens } = await fresh();
    expect(await works(tokens.access_token)).toBe(true);
    await shell(only('docs/operating.md', /^curl .*\/revoke/), { CLIENT_ID: client.client_id, TOKEN: tokens.refresh_token });
    expect(await works(tokens.access_token)).toBe(false);
  });

  it('end everything', async () => {
    const { tokens } = await fresh();
    expect(await works(tokens.access_token)).toBe(true);
    await change(/UPDATE grants .*operator'\)"$/);
    expect(await works(tokens.access_token)).toBe(false);
  });

  it('read the audit, newest first', async () => {
    const { tokens } = await fresh();
    await works(tokens.access_token);
    const [newest] = sql(/FROM audit_events/) as Record<string, unknown>[];
    expect(Object.values(newest ?? {})).toEqual(expect.arrayContaining(['tool.allowed', 'whoami']));
  });

  it('copy the running store, and read and check the audit of the copy with the example configuration', async () => {
    const { tokens } = await fresh();
    await works(tokens.access_token);
    const folder = mkdtempSync(join(tmpdir(), 'drawbridge-docs-'));
    try {
      const copy = join(folder, 'copy.db');
      sql(/VACUUM INTO/, { '/var/backups/drawbridge.db': copy });
      mkdirSync(join(folder, 'secrets'));
      writeFileSync(join(folder, 'secrets/drawbridge.key'), Buffer.from('a key for trying documents only.').toString('base64url'));
      writeFileSync(join(folder, 'secrets/corp.secret'), 'a secret of a test');
      writeFileSync(join(folder, 'drawbridge.yaml'), read('docs/example/drawbridge.yaml'));
      const [, asked = ''] = / -- (audit .*)$/.exec(only('docs/operating.md', /npm start -- audit/)) ?? [];
      const main = fileURLToPath(new URL('../../src/main.js', import.meta.url));
      const audit = () =>
        run(process.execPath, [main, ...asked.split(' ')], { cwd: folder, env: { ...process.env, DRAWBRIDGE_STORE: `sqlite:${copy}` } });
      const told = await audit();
      expect(told.stdout).toMatch(/ tool\.allowed .* whoami /);
      expect(told.stderr).toContain('every chain is whole');
      const db = new DatabaseSync(copy);
      db.exec("UPDATE audit_events SET doc = json_set(doc,'$.event.rule','nothing happened')");
      db.close();
      await expect(audit()).rejects.toMatchObject({ code: 1 });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('name tables that hold what they say', async () => {
    const keys = await system.engine.page(signingKeys);
    expect(keys.length).toBeGreaterThan(0);
    const statements = only('docs/operating.md', /DELETE FROM signing_keys/);
    const db = new DatabaseSync(system.config.store.replace(/^sqlite:/, ''), { timeout: 5000 });
    for (const [, table = ''] of statements.matchAll(/DELETE FROM (\w+)/g))
      expect(() => db.prepare(`SELECT 1 FROM ${table}`)).not.toThrow();
    db.close();
  });

  let counter = 0;
  /** Tokens of a client that no other test has withdrawn. */
  async function fresh() {
    counter += 1;
    return login(system, { client: await register(system, { client_name: `Client ${counter}` }) });
  }
});
