import { once } from '../load.ts';
import type { Exchange } from '../load.ts';
import { freePorts } from '../../support/free-ports.ts';
import { compiled, launch, nodeProgram } from '../processes.ts';
import type { Served } from '../processes.ts';
import { formText, requestText } from '../wire.ts';
import { configure } from './ours-config.ts';
import type { Place } from './places.ts';
import { seed, spare } from './ours-seed.ts';
import type { Population, Seeded } from './ours-seed.ts';
import { loginSteps } from './ours-login.ts';
import type { LoginSteps } from './ours-login.ts';
import type { StubIdp } from './stub-idp.ts';
import { expectStatus, refreshing, repeated, usedUp } from './supply.ts';
import { client_name, code_verifier, redirect_uri, toolCall } from './wanted.ts';

export interface Ours {
  readonly name: string;
  readonly served: Served;
  readonly login: LoginSteps;
  readonly exchanges: Readonly<Record<'metadata' | 'jwks' | 'registration' | 'login' | 'code' | 'refresh' | 'revoke', Exchange>>;
  /** A tool call through the gateway, each of many callers under a token of its own that the gateway has seen before. */
  toolCalls(): Promise<Exchange>;
}

export interface OursOptions {
  readonly place: Place;
  readonly folder: string;
  readonly idp: StubIdp;
  /** Port of the MCP server behind the gateway. */
  readonly upstream: number;
  readonly population: Population;
  readonly profile: string | null;
}

const registration = JSON.stringify({
  client_name,
  redirect_uris: [redirect_uri],
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token'],
});

function exchangesOf(host: string, seeded: Seeded, population: Population, login: LoginSteps): Ours['exchanges'] {
  const { client_id } = seeded;
  const { refreshed, revoked, coded } = population;
  return {
    metadata: repeated(requestText('GET', '/.well-known/oauth-authorization-server', host)),
    jwks: repeated(requestText('GET', '/jwks', host)),
    registration: repeated(requestText('POST', '/register', host, { 'Content-Type': 'application/json' }, registration), 201),
    login: login.whole,
    code: usedUp(coded, (index) =>
      formText('/token', host, { grant_type: 'authorization_code', client_id, code: seeded.code(index), code_verifier, redirect_uri }),
    ),
    refresh: refreshing(refreshed, seeded.refreshToken, (refresh_token) =>
      formText('/token', host, { grant_type: 'refresh_token', client_id, refresh_token }),
    ),
    revoke: usedUp(revoked, (index) => formText('/revoke', host, { client_id, token: seeded.refreshToken(refreshed + index) })),
  };
}

async function accessToken(served: Served, host: string, { client_id, refreshToken }: Seeded, index: number): Promise<string> {
  let token = '';
  await once(async (wire) => {
    const request = formText('/token', host, { grant_type: 'refresh_token', client_id, refresh_token: refreshToken(index) });
    token = (JSON.parse(expectStatus(await wire.send(request), 200).body) as { access_token: string }).access_token;
    return true;
  }, served.port);
  return token;
}

/** The whole product in a process of its own, over a store that was filled beforehand. */
export async function startOurs(options: OursOptions): Promise<Ours> {
  const { place, folder, idp, upstream, population, profile } = options;
  const port = await freePorts(1);
  const host = `127.0.0.1:${port}`;
  const { path, config } = configure({ folder, store: place.store(folder), port, idp: idp.issuer, upstream });
  if (config.key === undefined) throw new Error('the configuration has no key');
  const seeded = await seed(config, config.key, population);
  const flags = profile === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const program = nodeProgram(compiled('../../src/main.js'), ['--config', path], flags);
  const served = await launch({ ...program, port, path: '/readyz', core: 0, folder });
  const login = loginSteps(host, idp, seeded);
  const firstSpare = population.refreshed + population.revoked;
  return {
    name: place.engine,
    served,
    login,
    exchanges: exchangesOf(host, seeded, population, login),
    toolCalls: async () => {
      const requests: string[] = [];
      for (let index = 0; index < spare; index += 1) {
        const token = await accessToken(served, host, seeded, firstSpare + index);
        const headers = {
          Authorization: `Bearer ${token}`,
          Accept: 'application/json, text/event-stream',
          'Content-Type': 'application/json',
          'MCP-Protocol-Version': '2025-11-25',
        };
        requests.push(requestText('POST', '/mcp', host, headers, toolCall));
      }
      let turn = 0;
      return async (wire) => {
        turn += 1;
        expectStatus(await wire.send(requests[turn % spare] ?? ''), 200);
        return true;
      };
    },
  };
}
