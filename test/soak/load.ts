import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomInt, randomUUID } from 'node:crypto';
import { authorizeUrl, callTool, login, loopbackAddress, pkce, postForm, postJson, refresh, register } from '../support/client.ts';
import type { Tokens } from '../support/client.ts';

export interface Target {
  readonly issuer: string;
  readonly mcp: string;
}

/** What the load came to. */
export interface Tally {
  /** How many were answered, by what was asked and the status. */
  readonly answers: Record<string, number>;
  /** Milliseconds that each whole login of a person took. */
  readonly logins: number[];
  /** What should have worked and did not. */
  readonly failures: string[];
  /** Left out because too many of their kind were still under way. */
  skipped: number;
}

export interface Load {
  readonly tally: Tally;
  stop(): Promise<void>;
}

/** A web server that has a metadata document for every address under it. */
async function openDocuments(): Promise<{ url(): string; close(): void }> {
  const server = createServer((req, res) => {
    const client_id = `${origin}${req.url}`;
    const document = { client_id, client_name: 'Flood', redirect_uris: [loopbackAddress], token_endpoint_auth_method: 'none' };
    res.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(document));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: () => `${origin}/clients/${randomUUID()}.json`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Somebody else every time, as the proxy in front says; RFC 2544's addresses for trying things. */
const fromAnywhere = () => ({ 'X-Forwarded-For': `198.${randomInt(18, 20)}.${randomInt(256)}.${randomInt(256)}` });

/** A whole life of a grant: sign-in, a call, a refresh, a call, and its end. */
async function churn(target: Target, { logins, failures }: Tally): Promise<void> {
  const client = await register(target, { client_name: 'Soak' });
  const began = performance.now();
  const { tokens } = await login(target, { client, login: 'alice', scope: ['read'] });
  logins.push(performance.now() - began);
  const next = (await (await refresh(target, client, tokens.refresh_token)).json()) as Tokens;
  const called = await callTool(target, next.access_token, 'whoami');
  await called.text();
  const ended = await postForm(`${target.issuer}/revoke`, { token: next.refresh_token, client_id: client.client_id });
  const dead = await callTool(target, next.access_token, 'whoami');
  await Promise.all([ended.text(), dead.text()]);
  const statuses = [called.status, ended.status, dead.status].join(' ');
  if (statuses !== '200 200 401') failures.push(statuses);
}

/** How many a second of each. */
export interface Rates {
  readonly logins: number;
  readonly registrations: number;
  readonly authorizations: number;
  readonly documents: number;
  readonly guesses: number;
  readonly calls: number;
}

/** The lives that people's clients lead: the load that has to go on working. */
export const quiet: Rates = { logins: 1, registrations: 0, authorizations: 0, documents: 0, guesses: 0, calls: 5 };
/** The same in a flood of strangers. Together less than half a core. */
export const flood: Rates = { logins: 1, registrations: 25, authorizations: 10, documents: 2, guesses: 10, calls: 5 };

const mostUnderWay = 20;

/** Starts everything at its own steady rate, whatever the answers are; nothing piles up. */
export async function startLoad(target: Target, rates: Rates): Promise<Load> {
  const tally: Tally = { answers: {}, logins: [], failures: [], skipped: 0 };
  const documents = await openDocuments();
  const steady = await login(target, { login: 'alice', scope: ['read'] });
  const running = new Set<Promise<void>>();
  const timers: ReturnType<typeof setInterval>[] = [];

  function often(name: string, perSecond: number, act: () => Promise<Response | void>): void {
    if (perSecond === 0) return;
    const mine = new Set<Promise<void>>();
    const once = async () => {
      try {
        const response = await act();
        if (response === undefined) return;
        await response.arrayBuffer();
        tally.answers[`${name} ${response.status}`] = (tally.answers[`${name} ${response.status}`] ?? 0) + 1;
      } catch (error) {
        tally.failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    };
    timers.push(
      setInterval(() => {
        if (mine.size >= mostUnderWay) return void (tally.skipped += 1);
        const one = once().finally(() => [mine, running].forEach((set) => set.delete(one)));
        for (const set of [mine, running]) set.add(one);
      }, 1_000 / perSecond),
    );
  }

  const stranger = { client_id: steady.client.client_id, redirect_uri: loopbackAddress };
  const visit = (client_id: string) =>
    fetch(authorizeUrl(target, { ...stranger, client_id }, pkce()), { headers: fromAnywhere(), redirect: 'manual' });
  const metadata = () => ({ client_name: `Flood ${randomUUID()}`, redirect_uris: [loopbackAddress], token_endpoint_auth_method: 'none' });
  often('login', rates.logins, () => churn(target, tally));
  often('register', rates.registrations, () => postJson(`${target.issuer}/register`, metadata(), fromAnywhere()));
  often('authorize', rates.authorizations, () => visit(steady.client.client_id));
  often('document', rates.documents, () => visit(documents.url()));
  often('guess', rates.guesses, () => {
    const fields = { grant_type: 'refresh_token', client_id: steady.client.client_id, refresh_token: `db_rt_${randomUUID()}` };
    return postForm(`${target.issuer}/token`, fields, fromAnywhere());
  });
  often('call', rates.calls, () => callTool(target, steady.tokens.access_token, 'whoami'));
  often('call without', rates.calls, () => callTool(target, randomUUID(), 'whoami'));

  return {
    tally,
    stop: async () => {
      for (const timer of timers) clearInterval(timer);
      await Promise.all(running);
      documents.close();
    },
  };
}
