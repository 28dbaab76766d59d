import type { Exchange } from '../load.ts';
import { freePorts } from '../../support/free-ports.ts';
import { compiled, launch, nodeProgram } from '../processes.ts';
import type { Served } from '../processes.ts';
import { formText, requestText } from '../wire.ts';
import type { Wire } from '../wire.ts';
import { locationOf, pathIn, Visitor } from './visitor.ts';
import type { Population } from './ours-seed.ts';
import { refreshing, repeated, usedUp } from './supply.ts';
import { client_name, code_challenge, code_verifier, redirect_uri, scope } from './wanted.ts';

export const peerName = 'oidc-provider';

export interface Peer {
  readonly served: Served;
  readonly exchanges: Readonly<Record<'metadata' | 'jwks' | 'registration' | 'login' | 'code' | 'refresh' | 'revoke', Exchange>>;
}

const client_id = 'bench';

const registration = JSON.stringify({
  client_name,
  redirect_uris: [redirect_uri],
  application_type: 'native',
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
});

/** Its own development pages: who you are, then consent; as many requests and pages as ours. */
function login(host: string): Exchange {
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
  const authorize = `/auth?${new URLSearchParams(parameters).toString()}`;
  let turn = 0;
  return async (wire: Wire) => {
    const visitor = new Visitor(wire, host);
    turn += 1;
    let at = pathIn(locationOf(await visitor.get(authorize)));
    for (const fields of [
      { prompt: 'login', login: `person-${turn}`, password: 'any' },
      { prompt: 'consent', login: '', password: '' },
    ]) {
      const page = await visitor.get(at);
      if (!page.body.includes(`name="prompt" value="${fields.prompt}"`))
        throw new Error(`not the page for ${fields.prompt}: ${page.body.slice(0, 300)}`);
      const resume = pathIn(locationOf(await visitor.post(at, fields)));
      at = pathIn(locationOf(await visitor.get(resume)));
    }
    if (!at.includes('code=')) throw new Error(`no code, but ${at}`);
    return true;
  };
}

/** oidc-provider in a process of its own, its tokens made through its own models. */
export async function startPeer(folder: string, { refreshed, revoked, coded }: Population): Promise<Peer> {
  const port = await freePorts(1);
  const host = `127.0.0.1:${port}`;
  const program = nodeProgram(compiled('./contenders/peer-server.js'), [String(port)]);
  const served = await launch({ ...program, port, path: '/.well-known/openid-configuration', core: 0, folder });
  const codes = await served.ask<string[]>({ ask: 'seed', kind: 'code', count: coded });
  const tokens = await served.ask<string[]>({ ask: 'seed', kind: 'refresh', count: refreshed + revoked });
  return {
    served,
    exchanges: {
      metadata: repeated(requestText('GET', '/.well-known/openid-configuration', host)),
      jwks: repeated(requestText('GET', '/jwks', host)),
      registration: repeated(requestText('POST', '/reg', host, { 'Content-Type': 'application/json' }, registration), 201),
      login: login(host),
      code: usedUp(coded, (index) =>
        formText('/token', host, { grant_type: 'authorization_code', client_id, code: codes[index] ?? '', code_verifier, redirect_uri }),
      ),
      refresh: refreshing(
        refreshed,
        (index) => tokens[index] ?? '',
        (refresh_token) => formText('/token', host, { grant_type: 'refresh_token', client_id, refresh_token }),
      ),
      revoke: usedUp(revoked, (index) => formText('/token/revocation', host, { client_id, token: tokens[refreshed + index] ?? '' })),
    },
  };
}
