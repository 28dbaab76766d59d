import type { Exchange } from '../load.ts';
import type { StubIdp } from './stub-idp.ts';
import type { Seeded } from './ours-seed.ts';
import { hidden, locationOf, pathIn, Visitor } from './visitor.ts';
import { code_challenge, redirect_uri, scope } from './wanted.ts';

interface Started {
  readonly visitor: Visitor;
  readonly transaction: string;
  /** The address the identity provider would send the browser to. */
  readonly callback: string;
}

/** A login whole, and in three parts, so that the one that talks to the identity provider can be counted by itself. */
export interface LoginSteps {
  readonly whole: Exchange;
  /** The sign-in page and the way out. */
  readonly begin: Exchange;
  /** The way back in: the identity provider's answer is fetched, verified and settled. */
  readonly callback: Exchange;
  /** The consent page and the code. */
  readonly finish: Exchange;
}

function authorizePath(host: string, client_id: string): string {
  const parameters = {
    response_type: 'code',
    client_id,
    redirect_uri,
    code_challenge,
    code_challenge_method: 'S256',
    state: 'bench-state',
    scope,
    resource: `http://${host}/mcp`,
  };
  return `/authorize?${new URLSearchParams(parameters).toString()}`;
}

export function loginSteps(host: string, idp: StubIdp, { client_id, people, subject }: Seeded): LoginSteps {
  const authorize = authorizePath(host, client_id);
  const begun: Started[] = [];
  const returned: Started[] = [];
  let turn = 0;

  async function begin(visitor: Visitor): Promise<Started> {
    const transaction = pathIn(locationOf(await visitor.get(authorize)));
    const page = await visitor.get(transaction);
    const fields = { transaction: hidden(page, 'transaction'), csrf: hidden(page, 'csrf') };
    const upstream = new URL(locationOf(await visitor.post('/login/stub', fields)));
    const { state = '', nonce = '' } = Object.fromEntries(upstream.searchParams);
    turn += 1;
    const code = idp.codeFor(nonce, subject(turn % people));
    return { visitor, transaction, callback: `/callback/stub?${new URLSearchParams({ code, state }).toString()}` };
  }

  async function callBack(started: Started): Promise<Started> {
    const next = pathIn(locationOf(await started.visitor.get(started.callback)));
    if (next !== started.transaction) throw new Error(`sent to ${next} after signing in`);
    return started;
  }

  async function finish({ visitor, transaction }: Started): Promise<void> {
    const page = await visitor.get(transaction);
    const fields = { transaction: hidden(page, 'transaction'), csrf: hidden(page, 'csrf'), shown_tenant: hidden(page, 'shown_tenant') };
    const answer = await visitor.post(`${transaction}/consent`, { ...fields, scope: 'read', decision: 'approve' });
    const sent = locationOf(await visitor.get(pathIn(locationOf(answer))));
    if (!sent.startsWith(redirect_uri) || !sent.includes('code=')) throw new Error(`no code, but ${sent}`);
  }

  return {
    whole: async (wire) => {
      await finish(await callBack(await begin(new Visitor(wire, host))));
      return true;
    },
    begin: async (wire) => {
      begun.push(await begin(new Visitor(wire, host)));
      return true;
    },
    callback: async (wire) => {
      const next = begun.pop();
      if (next !== undefined) returned.push(await callBack({ ...next, visitor: next.visitor.on(wire) }));
      return next !== undefined;
    },
    finish: async (wire) => {
      const next = returned.pop();
      if (next !== undefined) await finish({ ...next, visitor: next.visitor.on(wire) });
      return next !== undefined;
    },
  };
}
