import { describe, expect, it } from '@jest/globals';
import {
  challengedScopes,
  decide,
  effectiveScopes,
  isListed,
  ownershipOf,
  rolesHolding,
  stillAllows,
} from '../../src/domain/access-decision.ts';
import type { Caller } from '../../src/domain/access-decision.ts';
import { RoleId } from '../../src/domain/ids.ts';
import { metadataPath, metadataUrl, resourceMetadata } from '../../src/domain/protected-resource.ts';
import { filterToolList } from '../../src/domain/tool-list.ts';
import { assertionClaims } from '../../src/domain/upstream-assertion.ts';
import { makeResource, makeStanding } from '../support/gateway-world.ts';

const resource = makeResource('http://localhost:4000/mcp', 'http://localhost:4002/mcp');
const EVERYTHING = ['notes.read', 'notes.write', 'notes.delete'];

function caller(permissions: readonly string[], scope: readonly string[], approved: readonly string[] = scope): Caller {
  const standing = makeStanding(resource, { permissions, scope: approved });
  return { resource, standing, scope: effectiveScopes(resource, standing, scope), now: 0 };
}

describe('the decision', () => {
  const read = ['notes:read'];
  const both = ['notes:read', 'notes:write'];

  it.each([
    ['a read with its scope', caller(['notes.read'], read), 'list_notes', 'allowed'],
    ['[G5.18] a write without its scope', caller(EVERYTHING, read), 'add_note', 'scope'],
    ['[G2.10] a tool the role can never use', caller(['notes.read', 'notes.write'], both), 'delete_notes', 'role'],
    ['[G2.10] a missing scope the role could not be given either', caller(['notes.read'], read), 'add_note', 'role'],
    ['[G3.06] a scope whose permission the role has lost', caller(['notes.read'], both), 'add_note', 'role'],
    ['a scope in the token the person did not approve', caller(EVERYTHING, both, read), 'add_note', 'scope'],
    ['everything there', caller(EVERYTHING, both), 'delete_notes', 'allowed'],
    ['a tool without a rule', caller(EVERYTHING, both), 'drop_tables', 'unknown tool'],
  ])('%s', (_, who, tool, verdict) => {
    expect(decide(who, 'tool', tool).verdict).toBe(verdict);
  });

  it.each([
    'List_Notes',
    'list_notes ',
    ' list_notes',
    'list_notes\u200b',
    'l\u0456st_notes',
    '../list_notes',
    'list_notes/../add_note',
    'a__list_notes',
    '',
    'x'.repeat(1024),
    'toString',
    '__proto__',
  ])('[W145] %j is not the tool list_notes', (name) => {
    const who = caller(EVERYTHING, both);
    expect(decide(who, 'tool', 'list_notes').verdict).toBe('allowed');
    expect(decide(who, 'tool', name).verdict).toBe('unknown tool');
    expect(isListed(who, name)).toBe(false);
  });

  it('[G2.06] [G2.07] names every scope at once, and repeats the granted ones only for clients that replace', () => {
    const who = caller(EVERYTHING, read);
    const decision = decide(who, 'tool', 'export_notes');
    expect(decision).toMatchObject({ verdict: 'scope', needed: ['notes:write', 'notes:export'], missing: ['notes:write', 'notes:export'] });
    const needed = decision.verdict === 'scope' ? decision.needed : [];
    expect(challengedScopes(who, needed, true)).toEqual(['notes:write', 'notes:export']);
    expect(challengedScopes(who, needed, false)).toEqual(['notes:read', 'notes:write', 'notes:export']);
  });

  it('a baseline that names a changing scope keeps nobody from reading who may not change anything', () => {
    const wide = { ...resource, baseline: ['notes:read', 'notes:write'] };
    const viewer = { ...caller(['notes.read'], read), resource: wide };
    expect(wide.scopes.find(({ name }) => name === 'notes:write')?.changes).toBe(true);
    expect(decide(viewer, 'baseline', null).verdict).toBe('allowed');
  });

  it('reading prompts and resources needs the baseline', () => {
    expect(decide(caller(EVERYTHING, read), 'baseline', null).verdict).toBe('allowed');
    expect(decide(caller(EVERYTHING, ['notes:write']), 'baseline', null).verdict).toBe('scope');
    expect(decide(caller([], []), 'baseline', null).verdict).toBe('role');
    expect(decide(caller([], []), 'nothing', null).verdict).toBe('allowed');
  });

  it('[W147] lists what the role allows, needing another consent or not, and nothing else', () => {
    const names = [...resource.tools.keys()];
    expect(names.filter((name) => isListed(caller(['notes.read'], read), name))).toEqual(['whoami', 'list_notes']);
    expect(names.filter((name) => isListed(caller(EVERYTHING, []), name))).toEqual(names);
  });

  it('names the roles that would do', () => {
    const role = (id: string, permissions: string[]) => ({ id: RoleId.parse(id), name: id, permissions });
    const roles = [role('viewer', ['notes.read']), role('janitor', ['notes.delete']), role('admin', EVERYTHING)];
    const { standing } = caller(['notes.read'], read);
    expect(rolesHolding(roles, standing, ['notes.delete'])).toEqual(['janitor', 'admin']);
    expect(rolesHolding(roles, standing, ['notes.write', 'notes.delete'])).toEqual(['admin']);
  });
});

describe('a tool for anything, or for what is theirs [UP-09]', () => {
  const owned = { scopes: ['notes:write'], permissions: ['notes.delete'], ownPermissions: ['notes.delete.own'] };
  const notes = { ...resource, tools: new Map([...resource.tools, ['delete_notes', owned]]) };
  const both = ['notes:read', 'notes:write'];
  const writer = ['notes.read', 'notes.write'];
  const who = (...more: string[]): Caller => ({ ...caller([...writer, ...more], both), resource: notes });
  const asked = (one: Caller) => decide(one, 'tool', 'delete_notes');

  it.each([
    ['all of its permissions', who('notes.delete'), 'any'],
    ['both', who('notes.delete.own', 'notes.delete'), 'any'],
    ['those for what is theirs', who('notes.delete.own'), 'own'],
    ['neither', who(), null],
    [
      'those for what is theirs, without what its scope needs',
      { ...caller(['notes.read', 'notes.delete.own'], both), resource: notes },
      null,
    ],
  ])('whoever holds %s', (_, one, ownership) => {
    expect(asked(one)).toMatchObject(ownership === null ? { verdict: 'role' } : { verdict: 'allowed', ownership });
    expect(ownershipOf(one, 'delete_notes')).toBe(ownership);
    expect(isListed(one, 'delete_notes')).toBe(ownership !== null);
  });

  it('says which it was, and to whom it is closed what would do', () => {
    expect(asked(who('notes.delete.own')).rule).toBe(
      'tool delete_notes: scope notes:write; permission notes.delete.own, on what is theirs',
    );
    expect(asked(who())).toEqual({
      verdict: 'role',
      rule: 'tool delete_notes: lacks permission notes.delete, or notes.delete.own',
      lacks: [['notes.delete'], ['notes.delete.own']],
    });
    expect(decide(who('notes.delete'), 'tool', 'add_note')).not.toHaveProperty('ownership');
  });

  it.each([
    ['any', 'any', true],
    ['own', 'own', true],
    ['own', 'any', true],
    ['any', 'own', false],
  ])('what was begun on %s goes on with %s: %s', (first, then, goesOn) => {
    const by = { any: who('notes.delete'), own: who('notes.delete.own') } as Record<string, Caller>;
    expect(stillAllows(asked(by[first] ?? who()), asked(by[then] ?? who()))).toBe(goesOn);
    expect(stillAllows(asked(by[first] ?? who()), asked(who()))).toBe(false);
  });

  it('is told to its server, with the permissions it names and none that is another’s or ours', () => {
    const standing = makeStanding(notes, { permissions: [...writer, 'notes.delete.own', 'wiki.write', 'drawbridge:people'], scope: both });
    const facts = { issuer: 'http://localhost:4000', resource: notes, standing, scope: both, now: 1000, jti: 'j' };
    expect(assertionClaims({ ...facts, ownership: 'own' })).toMatchObject({
      ownership: 'own',
      permissions: [...writer, 'notes.delete.own'],
    });
    expect(assertionClaims(facts)).not.toHaveProperty('ownership');
    const greedy = { ...notes, tools: new Map([['x', { scopes: [], permissions: ['drawbridge:people'] }]]) };
    expect(assertionClaims({ ...facts, resource: greedy })['permissions']).toEqual(writer);
  });
});

describe('a filtered list', () => {
  const upstream = { tools: [{ name: 'a', inputSchema: {} }, { name: 'b' }, { name: 7 }, null], nextCursor: 'c' };

  it('[G5.17] is private, keeps the rest and drops what is no tool', () => {
    const shown = (name: string): boolean => name === 'a';
    expect(filterToolList({ ...upstream, ttlMs: 1, cacheScope: 'public' }, shown)).toEqual({
      tools: [{ name: 'a', inputSchema: {} }],
      nextCursor: 'c',
      ttlMs: 1,
      cacheScope: 'private',
    });
    expect(filterToolList(upstream, shown)).not.toHaveProperty('cacheScope');
    expect(filterToolList({ tools: { 0: { name: 'a' } } }, shown)).toEqual({ tools: [] });
  });
});

describe('the metadata of a resource', () => {
  it.each([
    ['https://h.example/mcp', '/.well-known/oauth-protected-resource/mcp'],
    ['https://h.example/a/mcp', '/.well-known/oauth-protected-resource/a/mcp'],
    ['https://h.example', '/.well-known/oauth-protected-resource'],
    ['https://h.example/', '/.well-known/oauth-protected-resource'],
  ])('[G1.02] of %s lies at %s', (identifier, path) => {
    expect(metadataPath(identifier)).toBe(path);
    expect(metadataUrl(identifier)).toBe(`https://h.example${path}`);
  });

  it('[G1.05] [G1.06] [G1.07] names the baseline and nothing more', () => {
    expect(resourceMetadata({ ...resource, baseline: ['notes:read', 'offline_access'] }, 'http://localhost:4000')).toEqual({
      resource: 'http://localhost:4000/mcp',
      authorization_servers: ['http://localhost:4000'],
      scopes_supported: ['notes:read'],
      bearer_methods_supported: ['header'],
      resource_name: 'Notes',
    });
    expect(resourceMetadata({ ...resource, baseline: [] }, 'http://localhost:4000')).not.toHaveProperty('scopes_supported');
  });
});

describe('the assertion for the upstream', () => {
  it('[G4.02] is for that upstream, for a minute, and says who, where and through what', () => {
    const standing = makeStanding(resource, { permissions: ['notes.read'], scope: ['notes:read'] });
    const claims = assertionClaims({ issuer: 'http://localhost:4000', resource, standing, scope: ['notes:read'], now: 1000, jti: 'j' });
    expect(claims).toMatchObject({
      iss: 'http://localhost:4000',
      aud: resource.upstream,
      sub: standing.user.id,
      iat: 1000,
      exp: 1060,
      jti: 'j',
    });
    expect(claims).toMatchObject({ tenant: 'acme', tenant_name: 'Acme', roles: ['viewer'], client_name: 'Inspector', scope: 'notes:read' });
    expect(claims).not.toHaveProperty('email');
  });
});
