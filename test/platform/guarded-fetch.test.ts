import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openGuardedFetch, type GuardOptions } from '../../src/platform/guarded-fetch.ts';
import { addressKind } from '../../src/platform/special-use.ts';
import { openCanary } from '../support/hostile-idp.ts';

type Canary = Awaited<ReturnType<typeof openCanary>>;
let canary: Canary;
let canary6: Canary | null;
beforeEach(async () => {
  canary = await openCanary();
  canary6 = await openCanary('::1').catch(() => null);
});
afterEach(async () => {
  await Promise.all([canary.close(), canary6?.close()]);
});

/** What became of a GET: its status, or the code of the error underneath. */
async function outcomeOf(url: string, options: GuardOptions): Promise<number | string> {
  try {
    const answer = await openGuardedFetch({ timeoutMs: 2000, ...options }).fetch(url, { method: 'GET', headers: {}, redirect: 'manual' });
    await answer.body?.cancel();
    return answer.status;
  } catch (error) {
    for (let e = error; e instanceof Error; e = e.cause) if ('code' in e) return String(e.code);
    return String(error);
  }
}

describe('kinds of address', () => {
  it.each([
    ['public', ['93.184.216.34', '8.8.8.8', '172.32.0.1', '192.169.0.1', '100.128.0.1', '2606:2800:220:1::1', '2a00:1450::1']],
    ['private', ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fc00::1', 'fd12:3456::1']],
    ['loopback', ['127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1']],
    ['special', ['0.0.0.0', '100.64.0.1', '100.100.100.200', '169.254.169.254', '168.63.129.16', '192.0.0.8', '192.0.2.1', '198.18.0.1']],
    [
      'special',
      ['198.51.100.1', '203.0.113.1', '224.0.0.1', '255.255.255.255', '240.0.0.1', '::', 'fe80::1', 'fe80::1%lo', 'fec0::1', 'ff02::1'],
    ],
    ['special', ['64:ff9b::7f00:1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::1', '::10.0.0.1', '::7f00:1', '::ffff:a9fe:a9fe', '::ffff:10.0.0.1']],
    [
      'special',
      ['::127.0.0.1', '::ffff:93.184.216.34', '0:0:0:0:0:ffff:5db8:d822', '2001::1', '2001:db8::1', '2002:7f00:1::', 'fd00:ec2::254'],
    ],
    ['special', ['100::1', '4000::1', '127.1', '0177.0.0.1', 'localhost', '']],
  ])('%s: %j [A3.13] [S5.02]', (kind, addresses) => {
    expect(addresses.map((address) => [address, addressKind(address)])).toEqual(addresses.map((address) => [address, kind]));
  });
});

describe('a URL with an address in it', () => {
  const hosts = ['127.0.0.1', '127.1', '2130706433', '0x7f000001', '0177.0.0.1', '127.0.0.2', '[::1]', '[::ffff:7f00:1]', '[::127.0.0.1]'];
  const others = ['[64:ff9b::7f00:1]', '0.0.0.0', '0', '10.0.0.1', '169.254.169.254', '[fd00::1]', '[fe80::1]', '[::]'];
  it.each([...hosts, ...others])('%s is not called [W33] [A3.13] [S5.02]', async (host) => {
    const port = String(host.includes('::1]') ? (canary6?.port ?? canary.port) : canary.port);
    expect(await outcomeOf(`https://${host}:${port}/c`, { loopback: false })).toBe('ADDRESS_NOT_ALLOWED');
    expect([canary.connections(), canary6?.connections() ?? 0]).toEqual([0, 0]);
    // The canary hears what does leave.
    await outcomeOf(`https://127.0.0.1:${String(canary.port)}/c`, { loopback: true });
    expect(canary.connections()).toBe(1);
  });
});

describe('a URL with a name in it', () => {
  it.each(['localhost', 'localhost.', 'LOCALHOST'])('%s, resolved by this machine, is not called [W33] [A3.13]', async (host) => {
    expect(await outcomeOf(`https://${host}:${String(canary.port)}/c`, { loopback: false })).toMatch(
      /^(ADDRESS_NOT_ALLOWED|NAME_NOT_RESOLVED)$/,
    );
    expect(canary.connections()).toBe(0);
  });

  const bad = ['127.0.0.1', '10.0.0.1', '169.254.169.254', '::1', '::ffff:a9fe:a9fe', 'fc00::1', '64:ff9b::7f00:1', '0.0.0.0'];
  it.each([...bad.map((address) => [address]), ['93.184.216.34', '127.0.0.1'], []])(
    'resolving to %s, %s is not called [A3.13] [S5.02]',
    async (...all) => {
      const addresses = all.filter((address) => typeof address === 'string');
      const resolve = async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
      const code = addresses.length === 0 ? 'NAME_NOT_RESOLVED' : 'ADDRESS_NOT_ALLOWED';
      const url = `https://rebind.test:${String(canary.port)}/c`;
      expect(await outcomeOf(url, { loopback: false, resolve })).toBe(code);
      expect(canary.connections()).toBe(0);
      await outcomeOf(url, { loopback: true, resolve: async () => [{ address: '127.0.0.1', family: 4 }] });
      expect(canary.connections()).toBe(1);
    },
  );

  it('is called at the address that was judged, and judged anew every time [A3.13] [S5.02]', async () => {
    const server = await listen();
    try {
      const answers = ['127.0.0.1', '10.0.0.1'];
      let asked = 0;
      const resolve = async () => [{ address: answers[asked++] ?? '127.0.0.1', family: 4 }];
      const { fetch } = openGuardedFetch({ loopback: true, resolve });
      const url = `http://localhost:${String((server.address() as AddressInfo).port)}/`;
      const get = { method: 'GET', headers: {}, redirect: 'manual' } as const;
      expect(await (await fetch(url, get)).text()).toBe('here');
      expect(asked).toBe(1);
      // Long enough for a connection that is kept to be there for the next request.
      await new Promise((resolve) => setTimeout(resolve, 50));
      await expect(fetch(url, get)).rejects.toThrow();
      expect(asked).toBe(2);
      expect(await (await fetch(url, get)).text()).toBe('here');
    } finally {
      server.close();
    }
  });

  it('may be the company network only where that was said [Q-OIDC-15]', async () => {
    const resolve = async () => [{ address: '169.254.169.254', family: 4 }];
    expect(await outcomeOf('https://10.0.0.1:1/c', { loopback: false })).toBe('URL_NOT_ALLOWED');
    expect(await outcomeOf('https://10.0.0.1:8443/c', { loopback: false })).toBe('ADDRESS_NOT_ALLOWED');
    expect(await outcomeOf('https://inside.test/c', { loopback: false, privateNetworks: true, resolve })).toBe('ADDRESS_NOT_ALLOWED');
  });
});

describe('the guard', () => {
  it.each([
    'http://app.example/c',
    'ftp://app.example/c',
    'https://u:p@app.example/c',
    'https://app.example:22/c',
    'data:application/json,{}',
  ])('lets %s not leave [S5.01]', async (url) => {
    let asked = 0;
    const resolve = async () => ((asked += 1), []);
    expect(await outcomeOf(url, { loopback: false, resolve })).toBe('URL_NOT_ALLOWED');
    expect(asked).toBe(0);
    expect(await outcomeOf('https://app.example/c', { loopback: false, resolve })).toBe('NAME_NOT_RESOLVED');
    expect(asked).toBe(1);
  });

  it('goes past the proxy its surroundings name, and follows no redirect [S5.01] [W35]', async () => {
    const proxy = `http://127.0.0.1:${String(canary.port)}`;
    const names = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY'];
    const server = await listen(`${proxy}/elsewhere`);
    for (const name of names) process.env[name] = proxy;
    try {
      expect(await outcomeOf(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`, { loopback: true })).toBe(302);
      expect(canary.connections()).toBe(0);
    } finally {
      for (const name of names) Reflect.deleteProperty(process.env, name);
      server.close();
    }
  });
});

async function listen(location?: string): Promise<Server> {
  const server = createServer((_request, response) => {
    response.writeHead(location === undefined ? 200 : 302, location === undefined ? {} : { location }).end('here');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

describe('connections', () => {
  async function server() {
    const connections = new Set<object>();
    const running = createServer((_req, res) => void res.end('{}'));
    running.on('connection', (socket) => connections.add(socket));
    await new Promise<void>((resolve) => running.listen(0, '127.0.0.1', resolve));
    const { port } = running.address() as AddressInfo;
    return { url: `http://127.0.0.1:${String(port)}/`, connections, close: () => new Promise((resolve) => running.close(resolve)) };
  }

  async function ask(fetch: ReturnType<typeof openGuardedFetch>['fetch'], url: string): Promise<void> {
    const answer = await fetch(url, { method: 'GET', headers: {}, redirect: 'manual' });
    expect(await answer.text()).toBe('{}');
    await wait(20);
  }

  it('serve one request each', async () => {
    const { url, connections, close } = await server();
    const { fetch } = openGuardedFetch({ loopback: true });
    for (let count = 0; count < 3; count += 1) await ask(fetch, url);
    expect(connections.size).toBe(3);
    await close();
  });

  it('serve more where that was said, and are left when nothing came for so long', async () => {
    const { url, connections, close } = await server();
    const { fetch } = openGuardedFetch({ loopback: true, reuseMs: 3_000 });
    for (let count = 0; count < 3; count += 1) await ask(fetch, url);
    expect(connections.size).toBe(1);
    await wait(4_500);
    await ask(fetch, url);
    expect(connections.size).toBe(2);
    await close();
  });
});
