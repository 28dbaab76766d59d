import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader, exportPKCS8, generateKeyPair, jwtVerify } from 'jose';
import { Secret } from '../../src/domain/secret.ts';
import { openCanary, openHostileIdp, type HostileIdp, type Script } from '../support/hostile-idp.ts';
import { attempt, connectorTo, login, refusalOf } from './support.ts';
import { honestClaims, openVendor } from './vendors.ts';
import { entra } from '../../src/connectors/kinds/entra.ts';
import { secondFactor } from '../support/assurance.ts';

type Json = Record<string, unknown>;
type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let idp: HostileIdp;
beforeEach(async () => {
  idp = await openHostileIdp();
});
afterEach(async () => idp.close());

const offers = (endpoint: unknown, required = false) => ({
  discovery: (document: Json) => ({
    ...document,
    pushed_authorization_request_endpoint: endpoint,
    require_pushed_authorization_requests: required,
  }),
});

const reply =
  (status: number, body: string): Answer =>
  (_request, response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(body);

describe('a pushed request', () => {
  const pushedTo = (answer: Answer): Script => ({ ...offers(`${idp.issuer}/par`), raw: { '/par': answer } });

  it('goes out wherever it is offered, with our credential, and the browser carries its name alone [Q-ANY-09]', async () => {
    idp.script = pushedTo(reply(201, '{"request_uri":"urn:example:1","expires_in":60}'));
    const trip = attempt({ demand: secondFactor.demand });
    const url = await connectorTo(idp).begin(trip);
    expect(Object.fromEntries(url.searchParams)).toEqual({ client_id: 'drawbridge', request_uri: 'urn:example:1' });
    const pushed = idp.requests.find(({ path }) => path === '/par');
    const form = Object.fromEntries(new URLSearchParams(pushed?.body));
    expect(form).toMatchObject({ state: trip.state, nonce: trip.nonce, code_challenge_method: 'S256', acr_values: 'urn:example:2fa' });
    expect(pushed?.headers.authorization).toMatch(/^Basic /);
  });

  it.each<[string, Answer, string]>([
    ['refused', reply(400, '{"error":"invalid_request","error_description":"CNRY"}'), 'misconfigured'],
    ['refused for our credential', reply(401, '{"error":"invalid_client"}'), 'misconfigured'],
    ['throttled', reply(429, '{"error":"slow_down"}'), 'unreachable'],
    ['out of order', reply(503, '<html>CNRY</html>'), 'unreachable'],
    ['answered without a name', reply(201, '{"expires_in":60}'), 'untrustworthy'],
    ['answered with nonsense', reply(201, 'CNRY'), 'untrustworthy'],
    ['hung up on', (request) => void request.socket.destroy(), 'unreachable'],
    ['never answered', () => undefined, 'unreachable'],
  ])('that is %s sends nobody anywhere, and not by the browser instead', async (_what, answer, refusal) => {
    idp.script = pushedTo(answer);
    const connector = connectorTo(idp, { timeoutSeconds: 0.3 });
    expect((await refusalOf(connector.begin(attempt()))).refusal).toBe(refusal);
    idp.script = pushedTo(reply(201, '{"request_uri":"urn:example:1","expires_in":60}'));
    expect((await connector.begin(attempt())).searchParams.get('request_uri')).toBe('urn:example:1');
  });

  it('is not taken elsewhere by the discovery document [W56] [S3.01]', async () => {
    const canary = await openCanary();
    for (const endpoint of [`http://127.0.0.1:${String(canary.port)}/par`, 'https://user:pass@idp.example/par', 7]) {
      const refused = await refusalOf(login(connectorTo(idp), idp, offers(endpoint)));
      expect(refused).toEqual({
        refusal: 'untrustworthy',
        reason: 'discovery: pushed_authorization_request_endpoint may not be used',
      });
    }
    expect(canary.connections()).toBe(0);
    await canary.close();
  });

  it('is not made where an administrator says so, unless it has to be [Q-OIDC-05]', async () => {
    idp.script = pushedTo(reply(400, '{"error":"unauthorized_client"}'));
    expect((await connectorTo(idp, { pushedRequests: false }).begin(attempt())).searchParams.has('nonce')).toBe(true);
    idp.script = { ...idp.script, ...offers(`${idp.issuer}/par`, true) };
    expect((await refusalOf(connectorTo(idp, { pushedRequests: false }).begin(attempt()))).refusal).toBe('misconfigured');
  });

  it('that has to be, with nowhere to push it, ends the sign-in [Q-OIDC-05]', async () => {
    expect((await refusalOf(login(connectorTo(idp), idp, offers(undefined, true)))).refusal).toBe('untrustworthy');
    expect((await login(connectorTo(idp), idp, offers(undefined, false))).subject).toBe('person-1');
  });
});

describe('our signed assertion', () => {
  it.each([
    ['oidc', {}, 'issuer'],
    ['entra', { 'x5t#S256': 'A'.repeat(43) }, 'token endpoint'],
  ] as const)('of the kind %s is for its %s [Q-LIB-01] [Q-ENTRA-10]', async (type, more, audience) => {
    const alg = 'PS256';
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    const private_key = new Secret<'private_key'>(await exportPKCS8(privateKey));
    const client = {
      client_secret: null,
      tokenEndpointAuthMethod: 'private_key_jwt',
      clientKey: { private_key, alg, kid: 'ours', ...more },
    };
    const vendor = openVendor(type, idp, undefined, client);
    // The fake knows secrets only: what matters is what it was sent.
    expect((await refusalOf(vendor.login(type === 'entra' ? honestClaims(entra) : {}))).refusal).toBe('misconfigured');
    const form = new URLSearchParams(idp.requests.findLast(({ path }) => path === '/token')?.body);
    expect(form.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    expect(form.has('client_secret')).toBe(false);
    const assertion = form.get('client_assertion') ?? '';
    await jwtVerify(assertion, publicKey, { algorithms: [alg], issuer: 'drawbridge', subject: 'drawbridge' });
    expect(decodeProtectedHeader(assertion)).toEqual({ alg, kid: 'ours', typ: 'JWT', ...more });
    const { aud, exp = 0, iat = 0, jti } = decodeJwt(assertion);
    expect(aud).toBe(audience === 'issuer' ? vendor.issuer : `${vendor.issuer}/token`);
    expect(exp - iat).toBeLessThanOrEqual(300);
    expect(jti).toEqual(expect.any(String));
  });
});
