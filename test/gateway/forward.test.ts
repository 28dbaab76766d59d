import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { callTool, openGatewayWorld, post, rawPost, sendRaw, statusOf, GRANT } from '../support/gateway-world.ts';
import type { GatewayWorld } from '../support/gateway-world.ts';
import { headerValues, sendJson } from '../support/recorder-mcp.ts';

const MODERN = '2026-07-28';
const LARGEST = 100_000;

describe('what reaches the upstream', () => {
  let world: GatewayWorld;
  beforeAll(async () => {
    world = await openGatewayWorld();
  });
  beforeEach(() => world.reset());
  afterAll(() => world.close());

  const namesSeen = (): string[] =>
    (world.recorder.requests[0]?.rawHeaders ?? []).filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());

  async function expectOurAssertionOnly(): Promise<void> {
    const values = headerValues(world.recorder.requests[0], 'Drawbridge-Assertion');
    expect(values).toHaveLength(1);
    const claims = await world.signer.verify('drawbridge-assertion+jwt', values[0] ?? '');
    expect(claims).toMatchObject({
      iss: world.issuer,
      aud: world.recorder.url,
      sub: 'user-1',
      name: 'Ana',
      tenant: 'acme',
      tenant_name: 'Acme',
    });
    expect(claims).toMatchObject({
      roles: ['viewer'],
      client_id: 'client-1',
      client_name: 'Inspector',
      scope: 'notes:read notes:write',
      grant_id: GRANT,
    });
    expect(Number(claims?.['exp']) - Number(claims?.['iat'])).toBe(60);
  }

  it('[G4.01] [G4.02] [G4.03] [W156] is our one assertion and nothing the client says about itself', async () => {
    const token = await world.token();
    const identity = [
      'X-User-Id',
      'X_User_Id',
      'x-user-id',
      'X-Tenant-Id',
      'X-Roles',
      'X-Forwarded-User',
      'X-Forwarded-Email',
      'X-Forwarded-Groups',
    ];
    const more = [
      'X-Auth-Request-User',
      'Remote-User',
      'X-Amzn-Oidc-Data',
      'X-Goog-Authenticated-User-Email',
      'mcp-init-host',
      'router-key',
      'Drawbridge-Assertion',
    ];
    const others = [
      'drawbridge_assertion',
      'Cookie',
      'Proxy-Authorization',
      'DPoP',
      'Forwarded',
      'X-Forwarded-For',
      'X-Original-URL',
      'X-Rewrite-URL',
      'User-Agent',
    ];
    const lines = [...identity, ...more, ...others].map((name) => `${name}: admin`);
    const raw = await rawPost(
      world,
      [
        ...lines,
        `Authorization: Bearer ${token}`,
        'Content-Type: application/json',
        'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      ],
      JSON.stringify(callTool('list_notes')),
    );
    expect(statusOf(raw)).toBe(200);
    expect(namesSeen().toSorted()).toEqual([
      'accept',
      'connection',
      'content-length',
      'content-type',
      'drawbridge-assertion',
      'host',
      'traceparent',
    ]);
    expect(JSON.stringify(world.recorder.requests[0])).not.toContain(token);
    expect(JSON.stringify(world.recorder.requests[0])).not.toContain('admin');
    await expectOurAssertionOnly();
  });

  it('[W156] a header name that is none is refused outright', async () => {
    const token = await world.token();
    const good = [`Authorization: Bearer ${token}`, 'Content-Type: application/json'];
    for (const line of ['Drawbridge-Assertion : admin', 'X-A: 1\r\n folded: 2', 'X-Caf\u00e9: 1', 'X-User\u0000: 1']) {
      expect(statusOf(await rawPost(world, [...good, line], JSON.stringify(callTool('list_notes'))))).toBe(400);
    }
    expect(world.recorder.requests).toHaveLength(0);
    expect(statusOf(await rawPost(world, good, JSON.stringify(callTool('list_notes'))))).toBe(200);
  });

  it.each([
    ['Connection: close, Drawbridge-Assertion', 'X-A: 1'],
    ['Connection: close, Content-Type, Authorization', 'X-A: 1'],
    ['Connection: close', 'Connection: Drawbridge-Assertion'],
    ['Connection: close', 'TE: trailers, Drawbridge-Assertion'],
    ['Connection: close', 'Keep-Alive: timeout=1'],
    ['Connection: close', 'Proxy-Connection: Drawbridge-Assertion'],
    ['Connection: close', 'Trailer: Drawbridge-Assertion'],
  ])('[W157] %s and %s take nothing away and are not passed on', async (first, second) => {
    const good = [`Authorization: Bearer ${await world.token()}`, 'Content-Type: application/json'];
    const raw = await rawPost(world, [first, second, ...good], JSON.stringify(callTool('list_notes')));
    expect(statusOf(raw)).toBe(200);
    await expectOurAssertionOnly();
    expect(headerValues(world.recorder.requests[0], 'Content-Type')).toEqual(['application/json']);
    expect(headerValues(world.recorder.requests[0], 'Connection')).toEqual(['keep-alive']);
    for (const name of ['te', 'keep-alive', 'proxy-connection', 'trailer', 'x-a']) expect(namesSeen()).not.toContain(name);
  });

  it.each([
    '/mcp/',
    '/mcp/../mcp',
    '/./mcp',
    '/x/../mcp',
    '//mcp',
    '/mcp;x',
    '/mcp;/../admin',
    '/%6dcp',
    '/mcp%2f',
    '/mcp%2e',
    '/mcp%00',
    '/MCP',
    '/mcp.',
    '/mcp\\..\\admin',
    '/mcp/admin',
    'http://127.0.0.1/mcp',
    '/mcp%3fx',
  ])('[W152] %s is not the endpoint', async (target) => {
    const good = [`Authorization: Bearer ${await world.token()}`, 'Content-Type: application/json'];
    const body = JSON.stringify(callTool('list_notes'));
    expect([400, 404]).toContain(statusOf(await rawPost(world, good, body, target)));
    expect(world.recorder.requests).toHaveLength(0);
  });

  it('[W152] the upstream address is the stored one, whatever the request says', async () => {
    const good = [`Authorization: Bearer ${await world.token()}`, 'Content-Type: application/json'];
    const hints = [
      'X-Original-URL: /admin',
      'X-Rewrite-URL: /admin',
      'X-Forwarded-Uri: /admin',
      'X-Forwarded-Prefix: /admin',
      'X-Forwarded-Host: evil.example',
    ];
    expect(statusOf(await rawPost(world, [...good, ...hints], JSON.stringify(callTool('list_notes')), '/mcp?path=/admin&path=/x'))).toBe(
      200,
    );
    expect(world.recorder.requests.map((request) => request.url)).toEqual(['/upstream/mcp']);
    expect(headerValues(world.recorder.requests[0], 'Host')).toEqual([new URL(world.recorder.url).host]);
  });

  it('makes a new assertion as soon as the person stands differently', async () => {
    await post(world, callTool('list_notes'));
    await post(world, callTool('list_notes'));
    world.allow(['notes.read'], ['notes:read']);
    await post(world, callTool('list_notes'));
    const [first, second, third] = world.recorder.requests.map((request) => headerValues(request, 'Drawbridge-Assertion')[0] ?? '');
    expect(second).toBe(first);
    expect(third).not.toBe(first);
    expect(await world.signer.verify('drawbridge-assertion+jwt', third ?? '')).toMatchObject({ scope: 'notes:read' });
    world.ahead = 31_000;
    await post(world, callTool('list_notes'));
    expect(headerValues(world.recorder.requests[3], 'Drawbridge-Assertion')[0]).not.toBe(third);
  });
});

describe('what comes back', () => {
  let world: GatewayWorld;
  beforeAll(async () => {
    world = await openGatewayWorld({ limits: { answerBytes: LARGEST, upstreamTimeout: 700 } });
  });
  beforeEach(() => world.reset());
  afterAll(() => world.close());

  const listen = (id: string): { body: unknown; headers: Record<string, string> } => ({
    body: { jsonrpc: '2.0', id, method: 'subscriptions/listen', params: { _meta: { 'io.modelcontextprotocol/protocolVersion': MODERN } } },
    headers: { 'MCP-Protocol-Version': MODERN, 'Mcp-Method': 'subscriptions/listen' },
  });

  it.each([401, 403, 407])('[G2.17] [W155] the upstream’s own %i is between it and the gateway', async (status) => {
    world.recorder.respond = (_, res) =>
      sendJson(res, { jsonrpc: '2.0', id: 1, result: {} }, status, {
        'WWW-Authenticate': 'Bearer resource_metadata="https://evil.example/prm"',
      });
    const response = await post(world, callTool('list_notes', 1));
    expect(response.status).toBe(502);
    expect(response.headers.get('www-authenticate')).toBeNull();
    expect(await response.json()).toMatchObject({ jsonrpc: '2.0', id: 1, error: { code: -32603 } });
  });

  it('[W155] [G4.07] only the headers we know come through', async () => {
    const hostile = {
      'Set-Cookie': 'a=b',
      Location: 'https://evil.example',
      'Access-Control-Allow-Origin': '*',
      Server: 'x',
      'Clear-Site-Data': '"*"',
      'X-Up': '1',
    };
    world.recorder.respond = ({ body }, res) =>
      sendJson(res, { jsonrpc: '2.0', id: (JSON.parse(body) as { id: number }).id, result: {} }, 200, hostile);
    const response = await post(world, callTool('list_notes'));
    expect(await response.json()).toEqual({ jsonrpc: '2.0', id: 1, result: {} });
    const names = [...response.headers.keys()].filter((name) => !['connection', 'date', 'keep-alive'].includes(name));
    expect(names.toSorted()).toEqual(['cache-control', 'content-length', 'content-type', 'vary', 'x-content-type-options']);
  });

  it.each([
    ['a redirect', 302, { Location: 'http://127.0.0.1:1/' }, ''],
    ['a page', 200, { 'Content-Type': 'text/html' }, '<script>1</script>'],
    ['a page as an error', 500, { 'Content-Type': 'text/html' }, '<h1>no</h1>'],
    ['JSON that is no message', 200, { 'Content-Type': 'application/json' }, '{"ok":true}'],
    ['broken JSON', 200, { 'Content-Type': 'application/json' }, '{'],
    ['an answer to somebody else', 200, { 'Content-Type': 'application/json' }, '{"jsonrpc":"2.0","id":2,"result":{"secret":1}}'],
    ['a request of its own', 200, { 'Content-Type': 'application/json' }, '{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage"}'],
    ['a batch', 200, { 'Content-Type': 'application/json' }, '[{"jsonrpc":"2.0","id":1,"result":{}}]'],
    ['a compressed answer', 200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }, 'x'],
    [
      'too much',
      200,
      { 'Content-Type': 'application/json' },
      JSON.stringify({ jsonrpc: '2.0', id: 1, result: { x: 'y'.repeat(LARGEST) } }),
    ],
  ])('[W155] %s becomes an error of ours', async (_, status, headers, text) => {
    world.recorder.respond = (_request, res) => void res.writeHead(status, headers as Record<string, string>).end(text);
    const response = await post(world, callTool('list_notes'));
    expect(response.status).toBe(502);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toMatchObject({ jsonrpc: '2.0', id: 1, error: { code: -32603 } });
    world.recorder.respond = null;
    expect((await post(world, callTool('list_notes'))).status).toBe(200);
  });

  it('[W155] an endless answer is cut off', async () => {
    world.recorder.respond = (request, res) => {
      res.writeHead(200, { 'Content-Type': 'application/json' });
      const timer = setInterval(() => res.write('y'.repeat(65_536)), 1);
      void request.broken.then(() => clearInterval(timer));
    };
    expect((await post(world, callTool('list_notes'))).status).toBe(502);
    expect(await world.recorder.requests[0]?.broken).toBe(true);
  });

  it('[G5.11] the upstream’s protocol errors keep their status and body', async () => {
    const error = { code: -32602, message: 'no such thing', data: { a: 1 } };
    for (const status of [400, 404]) {
      world.recorder.respond = (_, res) => sendJson(res, { jsonrpc: '2.0', id: 1, error }, status);
      const response = await post(world, callTool('list_notes'));
      expect([response.status, await response.json()]).toEqual([status, { jsonrpc: '2.0', id: 1, error }]);
    }
  });

  it('an upstream that is silent, breaks off or is not there is told apart, with the id', async () => {
    world.recorder.respond = () => {};
    const silent = await post(world, callTool('list_notes', 'q'));
    expect([silent.status, await silent.json()]).toMatchObject([504, { id: 'q' }]);
    world.recorder.respond = (_, res) => void res.socket?.destroy();
    const broken = await post(world, callTool('list_notes', 'r'));
    expect([broken.status, await broken.json()]).toMatchObject([502, { id: 'r' }]);
    const gone = await openGatewayWorld({ resources: (notes) => [{ ...notes, upstream: 'http://127.0.0.1:1/mcp' }] });
    try {
      const response = await post(gone, callTool('list_notes', 's'));
      expect([response.status, await response.json()]).toMatchObject([
        502,
        { id: 's', error: { message: 'The MCP server cannot be reached.' } },
      ]);
    } finally {
      await gone.close();
    }
  });

  it('[G5.15] events come one by one, as soon as they are there, and nothing else on a modern stream', async () => {
    const steps: (() => void)[] = [];
    world.recorder.respond = (_, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Set-Cookie': 'a=b' });
      res.write(
        ': hello\r\n\r\nevent: message\r\ndata: {"jsonrpc":"2.0","method":"notifications/progress","params":{"text":"a\\r\\nb"}}\r\n\r',
      );
      steps.push(() => res.write('\ndata: {"jsonrpc":"2.0",\ndata: "method":"notifications/message"}\n\n'));
      steps.push(() => {
        res.write('data: {"jsonrpc":"2.0","id":99,"result":{"secret":1}}\n\n');
        res.write('data: {"jsonrpc":"2.0","id":7,"method":"sampling/createMessage"}\n\n');
        res.write('data: nonsense\n\n');
        res.end('id: 5\ndata: {"jsonrpc":"2.0","id":"L","result":{}}\n\n');
      });
    };
    const { body, headers } = listen('L');
    const response = await post(world, body, headers);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(response.headers.get('x-accel-buffering')).toBe('no');
    expect(response.headers.get('set-cookie')).toBeNull();
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let seen = '';
    const until = async (text: string): Promise<void> => {
      while (!seen.includes(text)) {
        const { value, done } = await reader.read();
        if (done) break;
        seen += value;
      }
      expect(seen).toContain(text);
    };
    await until('notifications/progress');
    expect(seen).not.toContain('notifications/message');
    steps[0]?.();
    await until('notifications/message');
    steps[1]?.();
    await until('"id":"L"');
    expect(seen).toBe(
      ':\n\nevent: message\ndata: {"jsonrpc":"2.0","method":"notifications/progress","params":{"text":"a\\r\\nb"}}\n\n' +
        'data: {"jsonrpc":"2.0",\ndata: "method":"notifications/message"}\n\nid: 5\ndata: {"jsonrpc":"2.0","id":"L","result":{}}\n\n',
    );
  });

  it('a stream that ends without the answer ends with an error for whoever waits', async () => {
    world.recorder.respond = (_, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(':\n\n');
      setTimeout(() => res.end(), 20);
    };
    const text = await (await post(world, callTool('list_notes', 'w'))).text();
    expect(JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? '')).toMatchObject({ id: 'w', error: { code: -32603 } });
  });

  it('an event that never ends is cut off', async () => {
    world.recorder.respond = (request, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' });
      const timer = setInterval(() => res.write(`data: ${'y'.repeat(30_000)}\n`), 1);
      void request.broken.then(() => clearInterval(timer));
    };
    expect(await (await post(world, callTool('list_notes'))).text()).toContain('too large');
    expect(await world.recorder.requests[0]?.broken).toBe(true);
  });

  it.each(['before the answer began', 'in the middle of a stream'])(
    '[G5.15] a client that goes away %s is gone at the upstream within a second',
    async (when) => {
      world.recorder.respond = (_, res) => {
        if (when === 'in the middle of a stream') res.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(':\n\n');
      };
      const { host } = new URL(world.issuer);
      const body = JSON.stringify(listen('L').body);
      const headers = Object.entries(listen('L').headers).map((pair) => `${pair.join(': ')}\r\n`);
      const head = `POST /mcp HTTP/1.1\r\nHost: ${host}\r\n${headers.join('')}Authorization: Bearer ${await world.token()}\r\n`;
      const socket = connect(Number(new URL(world.issuer).port), '127.0.0.1');
      socket.on('error', () => socket.destroy());
      socket.write(`${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      while (world.recorder.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      await new Promise((resolve) => setTimeout(resolve, 50));
      const left = performance.now();
      socket.destroy();
      expect(await world.recorder.requests[0]?.broken).toBe(true);
      expect(performance.now() - left).toBeLessThan(1000);
    },
  );

  it('pipelined requests with two tokens stay apart', async () => {
    const { host } = new URL(world.issuer);
    const token = await world.token();
    const request = (authorization: string, text: string, closing: string): string =>
      `POST /mcp HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${authorization}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n${closing}\r\n${text}`;
    const raw = await sendRaw(
      world,
      request(token, JSON.stringify(callTool('list_notes')), '') +
        request('x.y.z', JSON.stringify(callTool('add_note')), 'Connection: close\r\n'),
    );
    expect([...raw.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => match[1])).toEqual(['200', '401']);
    expect(world.recorder.requests).toHaveLength(1);
  });
});
