import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openDnsDomainProof } from '../../src/platform/dns-domain-proof.ts';
import { startDnsServer } from '../support/dns-server.ts';
import type { DnsAnswer, DnsServer } from '../support/dns-server.ts';

let dns: DnsServer;
beforeAll(async () => {
  dns = await startDnsServer();
});
afterAll(() => dns.close());

const at = '_drawbridge.acme.example';
const asking = (timing: { tryMs?: number; deadlineMs?: number } = {}) =>
  openDnsDomainProof({ servers: [dns.address], tryMs: 200, deadlineMs: 2_000, ...timing }).textsAt(at);

describe('a question to DNS', () => {
  it.each<[string, DnsAnswer, unknown]>([
    ['one record', [['drawbridge=abc']], { answer: 'texts', texts: ['drawbridge=abc'] }],
    ['several records', [['v=spf1 -all'], ['drawbridge=abc']], { answer: 'texts', texts: ['v=spf1 -all', 'drawbridge=abc'] }],
    ['one record in several strings, which are one text', [['draw', 'bridge=', 'abc']], { answer: 'texts', texts: ['drawbridge=abc'] }],
    ['no record of this kind', [], { answer: 'none' }],
    ['no such name', 'NXDOMAIN', { answer: 'none' }],
  ])('is answered: %s', async (_, answer, found) => {
    dns.answers.set(at, answer);
    expect(await asking()).toEqual(found);
  });

  it.each<[string, DnsAnswer]>([
    ['a server that failed', 'SERVFAIL'],
    ['a server that will not', 'REFUSED'],
    ['a server that cannot', 'NOTIMP'],
    ['nonsense', 'garbage'],
    ['nothing', 'silence'],
  ])('is not answered by %s: nobody knows, which is not that there is no record', async (_, answer) => {
    dns.answers.set(at, answer);
    expect(await asking()).toEqual({ answer: 'silence', reason: expect.stringMatching(/^E[A-Z]+$/) });
  });

  it('is given up at its deadline', async () => {
    dns.answers.set(at, 'silence');
    const before = performance.now();
    expect(await asking({ tryMs: 5_000, deadlineMs: 150 })).toEqual({ answer: 'silence', reason: 'ETIMEOUT' });
    expect(performance.now() - before).toBeLessThan(2_000);
  });

  it('is put to nobody when the server is gone', async () => {
    const gone = await startDnsServer();
    await gone.close();
    const asked = openDnsDomainProof({ servers: [gone.address], tryMs: 100, deadlineMs: 2_000 });
    expect(await asked.textsAt(at)).toMatchObject({ answer: 'silence' });
  });

  it('is asked for exactly that name, without the search list of the machine', async () => {
    dns.asked.length = 0;
    dns.answers.set(at, 'NXDOMAIN');
    await asking();
    expect(new Set(dns.asked)).toEqual(new Set([at]));
  });

  it('reads no more than a hundred records', async () => {
    dns.answers.set(
      at,
      Array.from({ length: 130 }, (_, index) => [String(index)]),
    );
    const answer = await asking();
    expect(answer).toMatchObject({ answer: 'texts', texts: expect.arrayContaining(['0', '99']) });
    expect(answer.answer === 'texts' && answer.texts.length).toBe(100);
  });
});
