import { describe, expect, it } from '@jest/globals';
import type { ConnectionEntry } from '../../src/domain/directory.ts';
import { emailDomain, isDomainName, isOpenToEverybody, offerOf, routedConnection } from '../../src/domain/email-domain.ts';
import { ConnectionId } from '../../src/domain/ids.ts';

describe('the domain of an address', () => {
  it.each<[string, string | null]>([
    ['ana@acme.example', 'acme.example'],
    [' ana@acme.example ', 'acme.example'],
    ['ana@ACME.Example', 'acme.example'],
    ['ana+mcp@acme.example', 'acme.example'],
    ['mıke@acme.example', 'acme.example'],
    ['ana@mail.acme.example', 'mail.acme.example'],
    ['ana@bücher.example', 'xn--bcher-kva.example'],
    ['ana@xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['ana@ａｃｍｅ.example', 'acme.example'],
    ['ana@\u{212A}ite.example', 'kite.example'],
    ['ana@аcme.example', 'xn--cme-5cd.example'],
    ['ana@acme.example.', null],
    ['ana@acme', null],
    ['ana@.example', null],
    ['ana@acme..example', null],
    ['ana@-acme.example', null],
    ['ana@acme.example-', null],
    ['ana@127.0.0.1', null],
    ['ana@1.2', null],
    ['ana@[127.0.0.1]', null],
    ['ana@[::1]', null],
    ['ana@evil.example@acme.example', null],
    ['"ana@evil.example"@acme.example', null],
    ['ana@acme.example/evil', null],
    ['ana@acme.example:443', null],
    ['ana@acme.example?x', null],
    ['ana@acme.example#x', null],
    ['ana@acme%2eexample', null],
    [String.raw`ana@acme.example\evil`, null],
    ['ana@acme.example,evil.example', null],
    ['ana@acme.exam ple', null],
    ['ana@acme.example\u0000', null],
    ['ana@acme\u200B.example', 'acme.example'],
    ['@acme.example', null],
    ['acme.example', null],
    ['ana@', null],
    ['', null],
    [`${'a'.repeat(65)}@acme.example`, null],
    [`ana@${'a.'.repeat(130)}example`, null],
  ])('[W60] of %j is %j', (address, domain) => {
    expect(emailDomain(address)).toBe(domain);
  });

  it.each<[string, boolean]>([
    ['acme.example', true],
    ['a-b.c1.example', true],
    ['xn--bcher-kva.example', true],
    ['ACME.example', false],
    ['bücher.example', false],
    ['acme', false],
    ['*.acme.example', false],
    ['_drawbridge.acme.example', false],
    ['acme.example.', false],
    ['10.0.0.1', false],
    ['-a.example', false],
    [`${'a'.repeat(64)}.example`, false],
  ])('is written as %j: %j', (text, fits) => {
    expect(isDomainName(text)).toBe(fits);
  });

  it('[W60] of a mail service open to everybody is nobody’s', () => {
    expect([isOpenToEverybody('gmail.com'), isOpenToEverybody('acme.example')]).toEqual([true, false]);
  });
});

const entry = (id: string, domains: readonly string[]): ConnectionEntry => ({
  id: ConnectionId.parse(id),
  name: id,
  subline: null,
  recheck: null,
  domains,
});
const [okta, entra, google] = [entry('okta', ['acme.example']), entry('entra', ['globex.example']), entry('google', [])];
const all = [okta, entra, google];
const proven = new Map([['acme.example', okta.id]]);

describe('where an address leads', () => {
  it.each<[string, string | null, ConnectionEntry | null]>([
    ['a proven domain', 'ana@acme.example', okta],
    ['[W59] a domain that is claimed and not proven', 'ana@globex.example', null],
    ['[W60] a domain below a proven one', 'ana@mail.acme.example', null],
    ['[W60] a domain above a proven one', 'ana@example', null],
    ['[W60] one that ends like it', 'ana@evilacme.example', null],
    ['[W60] one that looks like it', 'ana@аcme.example', null],
    ['an unknown domain', 'ana@initech.example', null],
    ['no address', 'ana', null],
    ['nothing', null, null],
  ])('%s', (_, address, found) => {
    expect(routedConnection(all, proven, address)).toBe(found);
  });

  it('is nowhere that is not offered', () => {
    expect(routedConnection([entra, google], proven, 'ana@acme.example')).toBeNull();
  });

  it('puts the hinted connection first and leaves the others in their order', () => {
    const both = new Map([...proven, ['globex.example', entra.id]]);
    expect(offerOf(all, both, 'bo@globex.example')).toEqual({ connections: [entra, okta, google], hinted: entra.id, byEmail: true });
    expect(offerOf(all, both, 'bo@initech.example')).toEqual({ connections: all, hinted: null, byEmail: true });
    expect(offerOf(all, proven, 'bo@globex.example')).toEqual({ connections: all, hinted: null, byEmail: true });
  });

  it('offers no field for addresses where none can lead to what is offered', () => {
    expect(offerOf(all, new Map(), null).byEmail).toBe(false);
    expect(offerOf([google], proven, 'ana@acme.example')).toEqual({ connections: [google], hinted: null, byEmail: false });
  });
});
