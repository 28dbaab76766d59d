/** The guide for the Admin API: its configuration is put in force, its commands run in one shell, and what it shows is what they print. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { ConfigSchema } from '../../src/config/schema.ts';
import type { Config } from '../../src/config/schema.ts';
import { openPolicies } from '../../src/stores/policies.ts';
import { callTool, consent, login, openBrowser, register } from '../support/client.ts';
import type { SignedIn } from '../support/client.ts';
import { startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';
import { appears, shownIn } from './shown.ts';
import { blocksOf, read } from './support.ts';

const guide = 'docs/guides/administer-over-http.md';
const blocks = blocksOf(read(guide));

/** The demonstration with the keys of the guide in place of its own. */
function asTheGuideSays(config: Config): Config {
  const written = parse(blocks.find(({ language }) => language === 'yaml')?.text ?? '') as Record<string, unknown>;
  const { administration, roles, tenants } = ConfigSchema.shape;
  return {
    ...config,
    administration: administration.parse(written['administration']),
    roles: roles.parse(written['roles']),
    tenants: tenants.parse(written['tenants']),
  };
}

/** A shell that stays open, so that what one command sets the next one has. */
function openShell(folder: string) {
  const shell = spawn('sh', [], { cwd: folder, env: process.env });
  let printed = '';
  for (const stream of [shell.stdout, shell.stderr]) stream.on('data', (chunk: Buffer) => void (printed += chunk.toString()));
  const run = async (command: string): Promise<string> => {
    printed = '';
    shell.stdin.write(`${command}\nprintf '\\n--over--\\n'\n`);
    for (let tries = 0; !printed.endsWith('\n--over--\n'); tries += 1) {
      if (tries > 1_000) throw new Error(`${command} goes on and on: ${printed}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return printed.slice(0, -'\n--over--\n'.length);
  };
  return { run, close: () => void shell.kill() };
}

/** One command, what it printed, and what the guide shows of it. */
interface Step {
  readonly command: string;
  readonly printed: string;
  readonly shown: readonly string[];
}

let system: System;
let bob: SignedIn;
const folder = mkdtempSync(join(tmpdir(), 'guide-'));
const shell = openShell(folder);
const steps: Step[] = [];

const toHere = (text: string) =>
  text.replaceAll('https://mcp.example.com', system.issuer).replaceAll('/connections/corp/', '/connections/demo/');

/** What a person does with the address that was printed, and copies afterwards. */
async function signInAt(address: string): Promise<string> {
  const back = await consent(openBrowser(), new URL(address), { login: 'carol', scope: ['admin:read', 'admin:write'] });
  return back.searchParams.get('code') ?? '';
}

async function run(command: string): Promise<string> {
  if (!command.startsWith('CODE=')) return shell.run(toHere(command));
  const address = steps.at(-1)?.printed.trim() ?? '';
  return shell.run(`CODE=${await signInAt(address)}`);
}

beforeAll(async () => {
  system = await startSystem({ configure: asTheGuideSays });
  await login(system, { login: 'alice', scope: ['read'], client: await register(system, { client_name: 'Another' }) });
  bob = await login(system, { login: 'bob', scope: ['read'], client: await register(system, { client_name: 'Notes app' }) });
  await shell.run(`curl() { command curl --noproxy '*' --max-time 10 "$@"; }`);
  for (const block of blocks) {
    for (const { command, shown } of shownIn(block)) steps.push({ command, printed: await run(command), shown });
  }
}, 120_000);
afterAll(async () => {
  shell.close();
  rmSync(folder, { recursive: true, force: true });
  await system.close();
});

describe('the guide for the Admin API', () => {
  it('shows what its commands print', () => {
    const showing = steps.filter(({ shown }) => shown.some((line) => line !== ''));
    expect(showing.length).toBeGreaterThan(15);
    for (const { command, printed, shown } of showing) {
      const lines = printed.trimEnd().split('\n');
      const wanted = shown.filter((line) => line !== '');
      expect({ command, isThere: appears(wanted, lines), lines }).toEqual({ command, isThere: true, lines });
    }
  });

  it('has commands that end without an error where it shows nothing', () => {
    const quiet = steps.filter(({ shown }) => shown.length === 0);
    expect(quiet.length).toBeGreaterThan(10);
    for (const { command, printed } of quiet) expect([command, /error|not found/i.test(printed)]).toEqual([command, false]);
  });

  it('leaves in force what was in the beginning, with the history it shows', async () => {
    const policies = openPolicies(system.engine);
    const [first, last] = [await policies.get(1), await policies.latest()];
    expect([last?.number, last?.source, last?.note]).toEqual([3, 'rollback', 'not yet']);
    const rulesIn = async (digest = '') => ((await policies.document(digest)) as { tenants: { rules: unknown }[] }).tenants[0]?.rules;
    expect(await rulesIn(last?.digest)).toEqual(await rulesIn(first?.digest));
  });

  it('has disconnected the app', async () => {
    expect((await callTool(system, bob.tokens.access_token, 'whoami')).status).toBe(401);
  });

  it('names every status it tells what to do about as the reference does', () => {
    const named = [...read(guide).matchAll(/^\| ([\d ]+?) +\|/gm)].flatMap(([, statuses = '']) => statuses.split(' ')).sort();
    const reference = JSON.parse(read('docs/admin-api.json')) as { components: { responses: Record<string, unknown> } };
    expect(named).toEqual(
      Object.keys(reference.components.responses)
        .map((name) => name.replace('Problem', ''))
        .sort(),
    );
  });
});
