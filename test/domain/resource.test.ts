import { describe, expect, it } from '@jest/globals';
import type { Resource } from '../../src/domain/resource.ts';
import { TenantId } from '../../src/domain/ids.ts';
import { atTenant, matchResource } from '../../src/domain/resource.ts';
import { makeResource } from '../support/gateway-world.ts';

const made = (identifier: string, isDefault = false): Resource => ({ ...makeResource(identifier, 'http://localhost:1/'), isDefault });
const notes = made('https://mcp.example/mcp', true);
const files = made('https://files.example/a/mcp');
const mail = made('https://files.example/b/mcp');
const root = made('https://root.example');
const all = [notes, files, mail, root];

describe('the resource a request means', () => {
  it.each<[string, string | null, Resource | null]>([
    ['[A7.07] none: the default', null, notes],
    ['its identifier', 'https://mcp.example/mcp', notes],
    ['[A7.03] scheme and host in capitals, the default port', 'HTTPS://MCP.Example:443/mcp', notes],
    ['[A7.03] a slash where there is no path', 'https://root.example/', root],
    ['[A7.03] a slash behind a path is another path', 'https://mcp.example/mcp/', null],
    ['a path in capitals is another path', 'https://mcp.example/MCP', null],
    ['another port', 'https://mcp.example:444/mcp', null],
    ['another scheme', 'http://mcp.example/mcp', null],
    ['a query', 'https://mcp.example/mcp?a=1', null],
    ['a path below', 'https://mcp.example/mcp/x', null],
    ['dots that lead elsewhere', 'https://mcp.example/x/../mcp', null],
    ['an escaped letter', 'https://mcp.example/m%63p', null],
    ['[A7.10] the origin of the only resource there', 'https://mcp.example', notes],
    ['[A7.10] the origin of the only resource there, with a slash', 'https://mcp.example/', notes],
    ['[A7.10] the origin of two', 'https://files.example/', null],
    ['[A7.02] an unknown host', 'https://evil.example/mcp', null],
    ['[A7.02] a fragment', 'https://mcp.example/mcp#x', null],
    ['[A7.02] an empty fragment', 'https://mcp.example/mcp#', null],
    ['[A7.02] relative', '/mcp', null],
    ['no scheme', 'mcp.example/mcp', null],
    ['user information', 'https://a@mcp.example/mcp', null],
    ['a backslash', 'https://mcp.example\\mcp', null],
    ['a space', ' https://mcp.example/mcp', null],
    ['another protocol', 'ftp://mcp.example/mcp', null],
    ['nothing between', '', null],
    ['too long', `https://mcp.example/${'a'.repeat(2000)}`, null],
  ])('%s', (_, indicator, found) => {
    expect(matchResource(all, indicator)).toBe(found);
  });

  it('without a default, none means none', () => {
    expect(matchResource([files, mail], null)).toBeNull();
  });
});

describe('the address of a tenant', () => {
  const [acme, globex] = [TenantId.parse('acme'), TenantId.parse('globex')];
  const [atAcme, atGlobex, rootAtAcme] = [atTenant(notes, acme), atTenant(notes, globex), atTenant(root, acme)];
  const places = [...all, atAcme, atGlobex, rootAtAcme, atTenant(files, acme)];

  it.each<[string, string, Resource | null]>([
    ['its identifier', 'https://mcp.example/t/acme/mcp', atAcme],
    ['[A7.03] spelt another way', 'HTTPS://MCP.example:443/t/globex/mcp', atGlobex],
    ['of a resource without a path', 'https://root.example/t/acme', rootAtAcme],
    ['another tenant', 'https://mcp.example/t/initech/mcp', null],
    ['the tenant in capitals', 'https://mcp.example/t/ACME/mcp', null],
    ['a slash behind it', 'https://mcp.example/t/acme/mcp/', null],
    ['the resource itself', 'https://mcp.example/mcp', notes],
    ['[A7.10] the bare origin never means a tenant', 'https://mcp.example', notes],
  ])('%s', (_, indicator, found) => {
    expect(matchResource(places, indicator)).toBe(found);
  });

  it('is the same server for one tenant, and never the default', () => {
    expect(atAcme).toEqual({ ...notes, identifier: 'https://mcp.example/t/acme/mcp', isDefault: false, onlyTenant: acme });
    expect(matchResource([atAcme], null)).toBeNull();
    expect(matchResource([atAcme], 'https://mcp.example')).toBeNull();
  });
});
