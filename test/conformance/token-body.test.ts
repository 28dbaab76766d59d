import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Fields } from '../support/codes.ts';
import { answered, tokenDesk, without } from '../support/codes.ts';
import type { SignedIn } from '../support/client.ts';
import { callTool, login, postJson } from '../support/client.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';
import { raw } from '../support/wire.ts';

let system: System;
let like: SignedIn;
let desk: ReturnType<typeof tokenDesk>;

beforeAll(async () => {
  system = await startSystem({ configure: (config) => ({ ...config, limits: { ...config.limits, tokenFailuresPerMinute: 1_000_000 } }) });
  like = await login(system);
  desk = tokenDesk(system, like);
});
afterAll(() => system.close());

const form = 'application/x-www-form-urlencoded';
const send = async (body: string | Uint8Array<ArrayBuffer>, headers: Fields, query = '') =>
  answered(await fetch(`${system.issuer}/token${query}`, { method: 'POST', headers, body }));

describe('what a body may be', () => {
  it.each<[string, (fields: Fields) => Fields, Fields]>([
    ['unknown parameters [A10.01]', (fields) => ({ ...fields, x_unknown: '1', constructor: 'x', __proto__: 'y' }), {}],
    ['a charset', (fields) => fields, { 'Content-Type': `${form};charset=UTF-8` }],
  ])('with %s it is read', async (_, change, headers) => {
    const { fields } = await desk.fresh();
    expect((await send(new URLSearchParams(change(fields)).toString(), { 'Content-Type': form, ...headers })).status).toBe(200);
  });

  it('JSON is read for both grants, the same rules apply [CH-20]', async () => {
    const { fields } = await desk.fresh();
    const url = `${system.issuer}/token`;
    const redeemed = await answered(await postJson(url, fields));
    expect(redeemed.status).toBe(200);
    const { client_id = '' } = fields;
    const refreshed = await answered(
      await postJson(url, { grant_type: 'refresh_token', client_id, refresh_token: redeemed.body['refresh_token'] }),
    );
    expect(refreshed.status).toBe(200);
    expect((await callTool(system, refreshed.body['access_token'] ?? '', 'whoami')).status).toBe(200);
    const wrong = await desk.fresh();
    expect((await answered(await postJson(url, { ...wrong.fields, code_verifier: 'w'.repeat(43) }))).body).toMatchObject({
      error: 'invalid_grant',
    });
  });

  const query = (fields: Fields) => new URLSearchParams(fields).toString();
  const json = { 'Content-Type': 'application/json' };

  it.each<[string, (fields: Fields) => [string | Uint8Array<ArrayBuffer>, Fields, string?], number]>([
    ['a parameter twice [A10.01]', (fields) => [`${query(fields)}&code=x`, { 'Content-Type': form }], 400],
    ['the verifier twice [W84]', (fields) => [`${query(fields)}&code_verifier=x`, { 'Content-Type': form }], 400],
    ['an unknown parameter twice', (fields) => [`${query(fields)}&x=1&x=2`, { 'Content-Type': form }], 400],
    ['everything in the address [A10.01]', (fields) => ['', { 'Content-Type': form }, `?${query(fields)}`], 400],
    [
      'the code in the address',
      (fields) => [query(without(fields, 'code')), { 'Content-Type': form }, `?code=${fields['code'] ?? ''}`],
      400,
    ],
    [
      'multipart',
      (fields) => [
        `--b\r\nContent-Disposition: form-data; name="code"\r\n\r\n${fields['code'] ?? ''}\r\n--b--`,
        { 'Content-Type': 'multipart/form-data; boundary=b' },
      ],
      400,
    ],
    ['plain text', (fields) => [query(fields), { 'Content-Type': 'text/plain' }], 400],
    ['another charset', (fields) => [query(fields), { 'Content-Type': `${form}; charset=utf-16` }], 400],
    ['two types at once', (fields) => [query(fields), { 'Content-Type': `${form}, application/json` }], 400],
    ['a compressed body', (fields) => [new Uint8Array(gzipSync(query(fields))), { 'Content-Type': form, 'Content-Encoding': 'gzip' }], 400],
    ['an operator in brackets', (fields) => [`${query(without(fields, 'code'))}&code[$ne]=x`, { 'Content-Type': form }], 400],
    ['a list in brackets', (fields) => [`${query(without(fields, 'code'))}&code[]=${fields['code'] ?? ''}`, { 'Content-Type': form }], 400],
    ['a megabyte', (fields) => [`${query(fields)}&x=${'a'.repeat(1_048_576)}`, { 'Content-Type': form }], 413],
    ['a hundred thousand parameters', (fields) => [`${query(fields)}${'&x=1'.repeat(100_000)}`, { 'Content-Type': form }], 413],
    [
      'a thousand parameters',
      (fields) => [`${query(fields)}${Array.from({ length: 1000 }, (_, n) => `&x${n}=1`).join('')}`, { 'Content-Type': form }],
      400,
    ],
    ['bytes that are no UTF-8', (fields) => [new Uint8Array([...Buffer.from(`${query(fields)}&x=`), 0xff]), { 'Content-Type': form }], 400],
    ['JSON that is a list', (fields) => [JSON.stringify([fields]), json], 400],
    ['JSON that is nothing', () => ['null', json], 400],
    ['JSON with an operator', (fields) => [JSON.stringify({ ...fields, code: { $ne: null } }), json], 400],
    ['JSON with a list', (fields) => [JSON.stringify({ ...fields, code: [fields['code']] }), json], 400],
    ['JSON with a number', (fields) => [JSON.stringify({ ...fields, code: 1 }), json], 400],
    ['JSON with a member twice', (fields) => [`${JSON.stringify(fields).slice(0, -1)},"code":"x"}`, json], 400],
    ['JSON with more behind', (fields) => [`${JSON.stringify(fields)}{}`, json], 400],
    ['a form called JSON', (fields) => [query(fields), json], 400],
    ['JSON called a form', (fields) => [JSON.stringify(fields), { 'Content-Type': form }], 400],
  ])('%s is refused, and the code is still good [W89]', async (_, make, status) => {
    const approval = await desk.fresh();
    const [body, headers, address] = make(approval.fields);
    const refused = await send(body, headers, address);
    expect([refused.status, refused.body['error']]).toEqual([
      status,
      expect.stringMatching(/^invalid_(request|client)$|^unsupported_grant_type$/),
    ]);
    expect(await desk.stageOf(approval)).toBe('coded');
    expect((await desk.post(approval.fields)).status).toBe(200);
  });

  it('without a type, or framed in two ways, it is refused [W89]', async () => {
    const { code, fields } = await desk.fresh();
    expect((await raw(system, '/token', { method: 'POST', body: query(fields) })).status).toBe(400);
    const both = await raw(system, '/token', {
      method: 'POST',
      headers: [`Content-Type: ${form}`, 'Transfer-Encoding: chunked'],
      body: query(fields),
    });
    expect(both.status).toBe(400);
    expect(await desk.stageOf({ code })).toBe('coded');
  });

  it.each(['GET', 'PUT', 'DELETE', 'PATCH'])('%s is not the way [A10.01]', async (method) => {
    const { code, fields } = await desk.fresh();
    const response = await fetch(`${system.issuer}/token?${query(fields)}`, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
    expect(await desk.stageOf({ code })).toBe('coded');
  });
});
