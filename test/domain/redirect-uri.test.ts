import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ReturnAddress } from '../../src/domain/redirect-uri.ts';
import { isAdmittedBy, isRegistrableRedirectUri, matchRedirectUri, respondTo } from '../../src/domain/redirect-uri.ts';

describe('what may be registered', () => {
  it.each([
    'https://app.example/callback',
    'https://app.example/callback?tenant=1',
    'https://app.example',
    'https://app.example:8443/cb',
    'http://127.0.0.1/cb',
    'http://127.0.0.1:33418/',
    'http://127.0.0.1:80/cb',
    'http://localhost:3118/callback',
    'http://localhost/callback',
    'http://[::1]:9/cb',
    'com.example.app:/oauth',
    'com.example.app://oauth/callback',
    'cursor://anysphere.cursor-mcp/oauth/callback',
  ])('%s is', (uri) => {
    expect(isRegistrableRedirectUri(uri)).toBe(true);
  });

  it.each([
    ['no scheme', '/callback'],
    ['nothing', ''],
    ['http elsewhere', 'http://app.example/cb'],
    ['a script', 'javascript:alert(1)'],
    ['a script with a tab', 'java\tscript:alert(1)'],
    ['data', 'data:text/html,x'],
    ['a file', 'file:///etc/passwd'],
    ['a blob', 'blob:https://app.example/1'],
    ['vbscript', 'vbscript:x'],
    ['a fragment', 'https://app.example/cb#x'],
    ['an empty fragment', 'https://app.example/cb#'],
    ['user information', 'https://user@app.example/cb'],
    ['a lookalike behind user information', 'http://localhost@evil.example/cb'],
    ['a wildcard', 'https://*.app.example/cb'],
    ['a wildcard in the path', 'https://app.example/*'],
    ['a backslash', 'https://app.example\\cb'],
    ['capitals in the host', 'https://App.example/cb'],
    ['capitals in the scheme', 'HTTPS://app.example/cb'],
    ['a default port written out', 'https://app.example:443/cb'],
    ['dots that lead up', 'https://app.example/a/../cb'],
    ['escaped dots that lead up', 'https://app.example/a/%2e%2e/cb'],
    ['a space', 'https://app.example/c b'],
    ['a line end', 'https://app.example/cb\n'],
    ['letters beyond ASCII', 'https://b\u00fccher.example/cb'],
    ['a host that ends in a dot', 'https://app.example./cb'],
    ['a scheme without a dot', 'evil://x/cb'],
    ['the known one with another path', 'cursor://anysphere.cursor-mcp/oauth/callback/x'],
    ['a number for the loopback address', 'http://2130706433/cb'],
    ['a short form of it', 'http://127.1/cb'],
    ['another loopback address', 'http://127.0.0.2/cb'],
    ['every address', 'http://0.0.0.0/cb'],
    ['a mapped one', 'http://[::ffff:127.0.0.1]/cb'],
    ['a name that begins like localhost', 'http://localhost.evil.example/cb'],
    ['a name that resolves to loopback', 'http://127.0.0.1.nip.io/cb'],
    ['a port beyond counting', 'http://127.0.0.1:65536/cb'],
    ['port zero', 'http://127.0.0.1:0/cb'],
    ['too long', `https://app.example/${'a'.repeat(2000)}`],
  ])('%s is not', (_, uri) => {
    expect(isRegistrableRedirectUri(uri)).toBe(false);
  });
});

describe('which addresses are the client’s', () => {
  it.each<[string, string, string, boolean]>([
    ['[A16.01] any port for a loopback address without one', 'http://127.0.0.1/cb', 'http://127.0.0.1:51004/cb', true],
    ['[A16.04] any port for a loopback address with one', 'http://127.0.0.1:33418/cb', 'http://127.0.0.1:59656/cb', true],
    ['[A16.01] none is a port too', 'http://127.0.0.1:33418/cb', 'http://127.0.0.1/cb', true],
    ['[A16.02] any port for localhost', 'http://localhost/callback', 'http://localhost:3118/callback', true],
    ['[A16.01] IPv6', 'http://[::1]/cb', 'http://[::1]:4000/cb', true],
    ['[A16.01] another path', 'http://127.0.0.1/cb', 'http://127.0.0.1:51004/cb2', false],
    ['[A16.01] a path below', 'http://127.0.0.1/cb', 'http://127.0.0.1:51004/cb/', false],
    ['[A16.01] another query', 'http://127.0.0.1/cb?a=1', 'http://127.0.0.1:51004/cb?a=2', false],
    ['[A16.01] the same query', 'http://127.0.0.1/cb?a=1', 'http://127.0.0.1:51004/cb?a=1', true],
    ['[A16.01] another scheme', 'http://127.0.0.1/cb', 'https://127.0.0.1:51004/cb', false],
    ['[A16.03] localhost for 127.0.0.1', 'http://127.0.0.1/cb', 'http://localhost:51004/cb', false],
    ['[A16.03] 127.0.0.1 for localhost', 'http://localhost/cb', 'http://127.0.0.1/cb', false],
    ['[A16.03] IPv6 for IPv4', 'http://127.0.0.1/cb', 'http://[::1]/cb', false],
    ['[A16.05] another port over https', 'https://app.example/cb', 'https://app.example:8443/cb', false],
    ['[A16.05] another port over https on localhost', 'https://localhost/cb', 'https://localhost:1/cb', false],
    ['[A16.05] a port for a private-use scheme', 'com.example.app://oauth/cb', 'com.example.app://oauth:1/cb', false],
    ['[A16.05] a name that begins like localhost', 'http://localhost/cb', 'http://localhost.evil.example/cb', false],
    ['[A16.05] a name that resolves to loopback', 'http://127.0.0.1/cb', 'http://127.0.0.1.nip.io/cb', false],
    ['[A16.05] user information', 'http://localhost/cb', 'http://localhost:1@evil.example/cb', false],
    ['[A16.05] every address', 'http://127.0.0.1/cb', 'http://0.0.0.0:1/cb', false],
    ['[A16.05] a mapped address', 'http://127.0.0.1/cb', 'http://[::ffff:127.0.0.1]/cb', false],
    ['[A16.05] a short form', 'http://127.0.0.1/cb', 'http://127.1/cb', false],
    ['a slash more', 'https://app.example/cb', 'https://app.example/cb/', false],
    ['a query more', 'https://app.example/cb', 'https://app.example/cb?x=1', false],
    ['capitals', 'https://app.example/cb', 'https://app.example/CB', false],
    ['the same', 'https://app.example/cb', 'https://app.example/cb', true],
  ])('%s', (_, registered, given, proven) => {
    expect(matchRedirectUri([registered], registered)?.uri).toBe(registered);
    expect(matchRedirectUri(['https://other.example/', registered], given)?.uri ?? null).toBe(proven ? given : null);
  });

  it('without one given the only one is meant, and none when there are several', () => {
    expect(matchRedirectUri(['https://app.example/cb'], null)?.uri).toBe('https://app.example/cb');
    expect(matchRedirectUri(['https://app.example/cb', 'http://localhost/cb'], null)).toBeNull();
    expect(matchRedirectUri([], null)).toBeNull();
  });

  it('one that could not be registered is not the client’s, even when it was', () => {
    expect(matchRedirectUri(['https://app.example/cb#x'], 'https://app.example/cb#x')).toBeNull();
    expect(matchRedirectUri(['javascript:alert(1)'], 'javascript:alert(1)')).toBeNull();
  });

  it.each<[string, ReturnAddress['kind'], string]>([
    ['http://127.0.0.1:9/cb', 'loopback', '127.0.0.1:9'],
    ['https://app.example:8443/cb', 'web', 'app.example:8443'],
    ['com.example.app://oauth', 'app', 'com.example.app:'],
  ])('%s is shown as it is', (uri, kind, host) => {
    expect(matchRedirectUri([uri], uri)).toEqual({ uri, kind, host });
  });
});

const hosts = fc.constantFrom('localhost', '127.0.0.1', '[::1]');
const ports = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: null });
const paths = fc.constantFrom('', '/', '/cb', '/cb/', '/callback?x=1', '/CB');
const at = (host: string, port: number | null, path: string) => `http://${host}${port === null ? '' : `:${port}`}${path}`;

describe('the law of matching', () => {
  it('on loopback exactly the port is free [A16.01] [A16.03] [A16.04]', () => {
    fc.assert(
      fc.property(hosts, ports, paths, hosts, ports, paths, (host, port, path, otherHost, otherPort, otherPath) => {
        const [registered, given] = [at(host, port, path), at(otherHost, otherPort, otherPath)];
        const match = matchRedirectUri([registered], given);
        if (host === otherHost && path === otherPath) expect(match).toMatchObject({ uri: given, kind: 'loopback' });
        else expect(match).toBeNull();
      }),
      { numRuns: 500 },
    );
  });

  it('elsewhere only the very same text is the same address [A16.05]', () => {
    const pieces = fc.constantFrom('https://', 'a.example', 'b.example', ':8443', ':443', '/', 'cb', '?x=1', '%2e', '@', '.', '\\', '#');
    const uris = fc.array(pieces, { maxLength: 5 }).map((list) => `https://a.example${list.join('')}`);
    fc.assert(
      fc.property(uris, uris, (registered, given) => {
        const match = matchRedirectUri([registered], given);
        if (match !== null) expect([match.uri, given]).toEqual([registered, registered]);
      }),
      { numRuns: 500 },
    );
  });
});

describe('what a resource admits', () => {
  const listed = { policy: 'allow-list' as const, allow: ['https://app.example/cb', 'https://many.example/oauth/*'] };

  it.each<[string, string, boolean]>([
    ['an address on the list', 'https://app.example/cb', true],
    ['one below an entry that ends in a star', 'https://many.example/oauth/1234', true],
    ['any loopback address', 'http://127.0.0.1:9/cb', true],
    ['another path', 'https://app.example/cb2', false],
    ['a host that begins like a listed one', 'https://many.example.evil.example/oauth/1', false],
    ['beside the prefix', 'https://many.example/oauthx', false],
    ['a lookalike of loopback', 'http://localhost.evil.example/', false],
  ])('%s', (_, uri, admitted) => {
    expect(isAdmittedBy(listed, uri)).toBe(admitted);
    expect(isAdmittedBy({ policy: 'open', allow: [] }, uri)).toBe(true);
  });
});

describe('the answer', () => {
  const address = (uri: string) => matchRedirectUri([uri], uri) as ReturnAddress;

  it.each<[string, Record<string, string | null>, string]>([
    ['https://app.example/cb', { code: 'c', state: 's' }, 'https://app.example/cb?code=c&state=s'],
    ['https://app.example/cb?x=1', { code: 'c', state: null }, 'https://app.example/cb?x=1&code=c'],
    ['http://127.0.0.1:9', { code: 'c' }, 'http://127.0.0.1:9?code=c'],
    [
      'https://app.example/cb',
      { state: 'a b&c=d#e\r\nSet-Cookie: x' },
      'https://app.example/cb?state=a+b%26c%3Dd%23e%0D%0ASet-Cookie%3A+x',
    ],
  ])('to %s is put behind what is there', (uri, parameters, answer) => {
    expect(respondTo(address(uri), parameters)).toBe(answer);
  });
});
