import { setTimeout as wait } from 'node:timers/promises';
import { nodeEntropy } from '../../../src/platform/node-entropy.ts';
import type { TestClient } from '../../support/client.ts';
import { authorizeUrl, consent, loopbackAddress, openBrowser, pkce } from '../../support/client.ts';
import type { Acknowledgements, Reply } from './acknowledgements.ts';
import { digestOf, grantOfToken } from './acknowledgements.ts';
import { somebody } from './people.ts';
import { openDice } from './seed.ts';

/** Where the load goes: several instances behind one address. */
export interface Place {
  readonly issuer: string;
  readonly mcp: string;
  readonly instances: readonly { readonly name: string }[];
}

/** One approval as its client knows it. */
export interface Family {
  readonly client: TestClient;
  readonly grant: string;
  access: string;
  refresh: string;
}

/** A code its client has not redeemed yet. */
interface Held {
  readonly client: TestClient;
  readonly secrets: ReturnType<typeof pkce>;
  readonly code: string;
}

export interface Workload {
  readonly seed: number;
  /** Those whose tokens their clients believe to be good. */
  readonly families: readonly Family[];
  /** A random mix of everything, several clients at once, for so many milliseconds. */
  run(ms: number): Promise<void>;
  /** Takes so many codes in hand without redeeming them; the load redeems them when it comes to it. */
  hold(count: number): Promise<void>;
  /** A whole login through every page; null when any step of it was refused or lost. */
  login(instance?: string): Promise<Family | null>;
  refresh(family: Family, instance?: string): Promise<Reply | null>;
  call(family: Family, instance?: string): Promise<Reply | null>;
  revoke(family: Family, instance?: string): Promise<Reply | null>;
}

const actors = 4;

/** What a client sends when it calls a tool. */
export const callOf = (access: string, tool = 'whoami'): RequestInit => ({
  method: 'POST',
  headers: {
    Authorization: `Bearer ${access}`,
    'Content-Type': 'application/json',
    Accept: 'application/json, text/event-stream',
    'MCP-Protocol-Version': '2025-11-25',
  },
  body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: {} } }),
});

export const formOf = (fields: Record<string, string>): RequestInit => ({ method: 'POST', body: new URLSearchParams(fields) });

const about = (token: string) => {
  const grant = grantOfToken(token);
  return { presented: digestOf(token), ...(grant === undefined ? {} : { grant }) };
};

const text = (reply: Reply, name: string): string => {
  const value = reply.json[name];
  return typeof value === 'string' ? value : '';
};

/**
 * Clients that do what clients do: sign people in, redeem, refresh (also several at once and again after a lost reply), call tools and
 * revoke. Everything they send and hear is in the log; which of it they do is the seed's choice.
 */
export function openWorkload(place: Place, log: Acknowledgements, seed: number): Workload {
  const dice = openDice(seed);
  const families: Family[] = [];
  const codes: Held[] = [];
  const names = place.instances.map(({ name }) => name);
  const at = (instance: string | undefined) => (instance === undefined ? {} : { instance });
  const drop = (family: Family) => {
    if (families.includes(family)) families.splice(families.indexOf(family), 1);
  };

  async function register(instance?: string): Promise<TestClient | null> {
    const metadata = { client_name: 'Load', redirect_uris: [loopbackAddress], token_endpoint_auth_method: 'none' };
    const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(metadata) };
    const reply = await log.ask({ kind: 'register', url: `${place.issuer}/register`, init, ...at(instance) });
    return reply?.status === 201 ? { client_id: text(reply, 'client_id'), redirect_uri: loopbackAddress } : null;
  }

  /** A person at a browser; one whose page failed reloads it once and presses again if it still asks. */
  async function approve(client: TestClient, secrets: ReturnType<typeof pkce>): Promise<string | null> {
    const browser = openBrowser({ fetch: log.fetch });
    const url = authorizeUrl(place, client, secrets, { state: nodeEntropy.id() });
    const codeHere = () => browser.location?.searchParams.get('code') ?? null;
    try {
      const answer = await consent(browser, url, { ...somebody(dice, place.issuer), scope: ['read'] });
      return answer.searchParams.get('code');
    } catch {
      await wait(200);
    }
    try {
      const here = /\/authorize\/[A-Za-z0-9_-]{22}/.exec(browser.page.url.href)?.[0];
      if (here === undefined) return null;
      await browser.get(`${place.issuer}${here}`);
      if (codeHere() === null) await browser.submit({ scope: ['read'] }, { form: '/consent', press: 'Approve' });
      return codeHere();
    } catch {
      return null;
    }
  }

  async function getCode(instance?: string): Promise<Held | null> {
    const client = await register(instance);
    if (client === null) return null;
    const secrets = pkce();
    const code = await approve(client, secrets);
    return code === null ? null : { client, secrets, code };
  }

  /** Now and then sent twice at once, and once more when nothing is known of the first. */
  async function exchange({ client, secrets, code }: Held, instance?: string): Promise<Family | null> {
    const fields = { client_id: client.client_id, redirect_uri: client.redirect_uri, code, code_verifier: secrets.code_verifier };
    const init = formOf({ grant_type: 'authorization_code', ...fields });
    const ask = () => log.ask({ kind: 'exchange', url: `${place.issuer}/token`, init, about: about(code), ...at(instance) });
    const isTwice = instance === undefined && dice.roll(4) === 0;
    const replies = await Promise.all(isTwice ? [ask(), ask()] : [ask()]);
    let reply = replies.find((each) => each?.isHonoured === true) ?? replies[0] ?? null;
    if (reply === null || reply.status >= 500) reply = await ask();
    if (reply?.isHonoured !== true) return null;
    const [access, refreshed] = [text(reply, 'access_token'), text(reply, 'refresh_token')];
    const family = { client, grant: grantOfToken(access) ?? '', access, refresh: refreshed };
    families.push(family);
    return family;
  }

  async function login(instance?: string): Promise<Family | null> {
    const held = await getCode(instance);
    return held === null ? null : exchange(held, instance);
  }

  async function refresh(family: Family, instance?: string): Promise<Reply | null> {
    const { client, refresh: token } = family;
    const init = formOf({ grant_type: 'refresh_token', client_id: client.client_id, refresh_token: token });
    const reply = await log.ask({ kind: 'refresh', url: `${place.issuer}/token`, init, about: about(token), ...at(instance) });
    if (reply?.isHonoured === true && family.refresh === token) {
      family.access = text(reply, 'access_token');
      family.refresh = text(reply, 'refresh_token');
    }
    if (reply?.status === 400) drop(family);
    return reply;
  }

  async function call({ access }: Family, instance?: string): Promise<Reply | null> {
    return log.ask({ kind: 'tool', url: place.mcp, init: callOf(access), about: about(access), ...at(instance) });
  }

  async function revoke(family: Family, instance?: string): Promise<Reply | null> {
    drop(family);
    const init = formOf({ client_id: family.client.client_id, token: family.refresh });
    const question = { kind: 'revoke', url: `${place.issuer}/revoke`, init, about: about(family.refresh), ...at(instance) } as const;
    const reply = await log.ask(question);
    return reply === null || reply.status >= 500 ? log.ask(question) : reply;
  }

  /** One thing a client does; false when it was refused or lost. */
  async function act(): Promise<boolean> {
    const held = codes.length > 0 && dice.roll(4) === 0 ? codes.pop() : undefined;
    if (held !== undefined) return (await exchange(held)) !== null;
    const family = families.length === 0 ? null : dice.pick(families);
    const choice = family === null || families.length < actors ? 0 : dice.roll(100);
    if (family === null || choice < 8) return (await login()) !== null;
    if (choice < 70) return (await call(family))?.isHonoured === true;
    if (choice < 82) return (await refresh(family))?.isHonoured === true;
    if (choice < 92) {
      const many = await Promise.all([...names, ...names].map((name) => refresh(family, name)));
      return many.every((reply) => reply?.isHonoured === true);
    }
    return (await revoke(family))?.isHonoured === true;
  }

  return {
    seed,
    families,
    hold: async (count) => {
      for (const held of await Promise.all(Array.from({ length: count }, () => getCode()))) if (held !== null) codes.push(held);
    },
    login,
    refresh,
    call,
    revoke,
    run: async (ms) => {
      const until = Date.now() + ms;
      const actor = async () => {
        // After a refusal a client waits; otherwise a broken link would be all the load there is.
        while (Date.now() < until) await wait((await act()) ? dice.roll(20) : 100);
      };
      await Promise.all(Array.from({ length: actors }, actor));
    },
  };
}
