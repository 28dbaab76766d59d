import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from '@jest/globals';
import { listenOnLoopback } from '../../src/demo/loopback.ts';

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
const families = addresses.some(({ address }) => address === '::1') ? ['127.0.0.1', '[::1]', 'localhost'] : ['127.0.0.1', 'localhost'];

async function occupy(host: string, port: number): Promise<number> {
  const server = createServer((_request, response) => response.end('a stranger'));
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  closing.push(() => new Promise((resolve) => server.close(() => resolve())));
  return (server.address() as AddressInfo).port;
}

async function open(port: number): Promise<number> {
  const loopback = await listenOnLoopback(port);
  closing.push(loopback.close);
  loopback.serve((_request, response) => response.end('ours'));
  return loopback.port;
}

describe('a server on loopback', () => {
  it.each(families)('answers at %s', async (host) => {
    const port = await open(0);
    expect(await (await fetch(`http://${host}:${port}/`)).text()).toBe('ours');
  });

  it('cannot be reached from another computer', async () => {
    const port = await open(0);
    const outside = addresses.filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address);
    for (const address of [...outside, '127.0.0.2']) await expect(fetch(`http://${address}:${port}/`)).rejects.toThrow('fetch failed');
  });

  it.each(families.filter((host) => host !== 'localhost'))('does not start beside a stranger on its port at %s', async (host) => {
    const taken = await occupy(host.replace(/[[\]]/g, ''), 0);
    await expect(listenOnLoopback(taken)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    for (const close of closing.splice(0)) await close();
    expect(await open(taken)).toBe(taken);
  });
});
