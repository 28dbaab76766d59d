import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openHostileIdp, type HostileIdp } from '../support/hostile-idp.ts';
import { attempt, connectorTo, login, refusalOf } from './support.ts';

let a: HostileIdp;
let b: HostileIdp;
beforeEach(async () => {
  [a, b] = await Promise.all([openHostileIdp(), openHostileIdp()]);
});
afterEach(async () => {
  await Promise.all([a.close(), b.close()]);
});

describe('the answer in the browser', () => {
  it('of one identity provider is refused at the callback of another, before any code is sent [W47] [S3.10] [S4.02]', async () => {
    const [toA, toB] = [connectorTo(a), connectorTo(b)];
    const [tripA, tripB] = [attempt(), attempt()];
    const answerB = b.visit(await toB.begin(tripB));
    const delivered = new URLSearchParams(answerB);
    delivered.set('state', tripA.state);
    await toA.begin(tripA);
    expect((await refusalOf(toA.complete(delivered, tripA))).refusal).toBe('untrustworthy');
    expect((await refusalOf(toB.complete(answerB, tripA))).refusal).toBe('untrustworthy');
    expect([a.count('/token'), b.count('/token')]).toEqual([0, 0]);
    expect((await toB.complete(answerB, tripB)).issuer).toBe(b.issuer);
  });

  const mutations: [string, (answer: URLSearchParams) => void, string][] = [
    ['iss is absent although advertised [S4.03] [Q-OIDC-07]', (p) => p.delete('iss'), 'untrustworthy'],
    ['iss has a trailing slash', (p) => p.set('iss', `${p.get('iss') ?? ''}/`), 'untrustworthy'],
    ['iss is given twice', (p) => p.append('iss', p.get('iss') ?? ''), 'untrustworthy'],
    ['state is another [Q-LIB-04]', (p) => p.set('state', 'x'.repeat(43)), 'untrustworthy'],
    ['state is absent [Q-LIB-04]', (p) => p.delete('state'), 'untrustworthy'],
    ['state is given twice [Q-LIB-05]', (p) => p.append('state', p.get('state') ?? ''), 'untrustworthy'],
    ['code is absent', (p) => p.delete('code'), 'untrustworthy'],
    ['code is given twice [Q-LIB-05]', (p) => p.append('code', p.get('code') ?? ''), 'untrustworthy'],
    ['an ID token comes along', (p) => p.set('id_token', 'x'), 'untrustworthy'],
    ['a JARM response comes instead', (p) => p.set('response', 'x'), 'untrustworthy'],
    ['it is enormous', (p) => p.set('pad', 'x'.repeat(20_000)), 'untrustworthy'],
    [
      'an error of another issuer comes [Q-LIB-06]',
      (p) => (p.set('error', 'access_denied'), p.set('iss', 'https://other.example')),
      'untrustworthy',
    ],
    ['error and code come together', (p) => p.set('error', 'access_denied'), 'cancelled'],
  ];
  it.each(mutations)('is refused when %s [W47] [W48]', async (_what, mutate, refusal) => {
    const connector = connectorTo(a);
    const trip = attempt();
    const answer = a.visit(await connector.begin(trip));
    const mutated = new URLSearchParams(answer);
    mutate(mutated);
    expect((await refusalOf(connector.complete(mutated, trip))).refusal).toBe(refusal);
    expect(a.count('/token')).toBe(0);
    expect((await connector.complete(answer, trip)).subject).toBe('person-1');
  });

  it.each([
    ['access_denied', 'cancelled'],
    ['login_required', 'cancelled'],
    ['unmet_authentication_requirements', 'cancelled'],
    ['something_else', 'cancelled'],
    ['server_error', 'unreachable'],
    ['temporarily_unavailable', 'unreachable'],
    ['unauthorized_client', 'misconfigured'],
    ['invalid_scope', 'misconfigured'],
  ])('error=%s means %s, and its description goes nowhere [W48] [S3.14] [Q-OKTA-10]', async (error, refusal) => {
    const script = {
      answer: (p: URLSearchParams) => {
        p.delete('code');
        p.set('error', error);
        p.set('error_description', 'CNRY<script>\nforged log line');
      },
    };
    const refused = await refusalOf(login(connectorTo(a), a, script));
    expect(refused.refusal).toBe(refusal);
    expect(refused.reason).not.toContain('something_else');
  });

  it('without iss is fine where the upstream does not advertise it [Q-OIDC-07]', async () => {
    const discovery = (document: object) => ({ ...document, authorization_response_iss_parameter_supported: undefined });
    expect((await login(connectorTo(a), a, { discovery, answer: (p) => p.delete('iss') })).subject).toBe('person-1');
  });
});

describe('the token endpoint', () => {
  const reply =
    (status: number, body: string, headers: Record<string, string> = {}) =>
    (_request: unknown, response: import('node:http').ServerResponse) =>
      void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);

  it.each<[string, number, string, Record<string, string>, string]>([
    ['refuses us', 401, '{"error":"invalid_client"}', {}, 'misconfigured'],
    ['challenges us', 401, '{}', { 'www-authenticate': 'Basic realm="CNRY"' }, 'misconfigured'],
    ['is out of order', 503, '<html>CNRY</html>', { 'content-type': 'text/html' }, 'unreachable'],
    ['took too long over our request', 408, '', {}, 'unreachable'],
    ['has two requests of ours at a time', 409, '{"code":409,"error_code":"conflict"}', {}, 'unreachable'],
    ['throttles [Q-ANY-19]', 429, '{"error":"CNRY"}', {}, 'unreachable'],
    ['says it is sorry', 400, '{"error":"temporarily_unavailable"}', {}, 'unreachable'],
    ['redirects [Q-LIB-11]', 307, '', { location: '/token2' }, 'unreachable'],
    ['talks nonsense', 200, 'CNRY', {}, 'untrustworthy'],
    ['gives no ID token [Q-LIB-07]', 200, '{"access_token":"CNRY","token_type":"Bearer"}', {}, 'untrustworthy'],
    ['never stops [Q-OIDC-16]', 200, `{"pad":"${'x'.repeat(2_000_000)}"}`, {}, 'unreachable'],
  ])('%s', async (_what, status, body, headers, refusal) => {
    const connector = connectorTo(a);
    expect((await refusalOf(login(connector, a, { raw: { '/token': reply(status, body, headers) } }))).refusal).toBe(refusal);
    expect(a.count('/token2')).toBe(0);
    expect((await login(connector, a)).subject).toBe('person-1');
  });

  it.each(['/token', '/jwks'])('hangs: %s is given up after the configured time [Q-OIDC-16]', async (path) => {
    const connector = connectorTo(a, { timeoutSeconds: 0.2 });
    const started = Date.now();
    expect((await refusalOf(login(connector, a, { raw: { [path]: () => undefined } }))).refusal).toBe('unreachable');
    expect(Date.now() - started).toBeLessThan(3000);
    expect((await login(connector, a)).subject).toBe('person-1');
  });

  it('hangs up [Q-LIB-10]', async () => {
    const raw = { '/token': (request: import('node:http').IncomingMessage) => void request.socket.destroy() };
    expect((await refusalOf(login(connectorTo(a), a, { raw }))).refusal).toBe('unreachable');
  });
});
