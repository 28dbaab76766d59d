import { describe, expect, it } from '@jest/globals';
import { ConnectionId } from '../../src/domain/ids.ts';
import type { ProvisionedGroup, ProvisionedUser } from '../../src/domain/provisioned.ts';
import { patchGroup, readGroup } from '../../src/domain/scim-group.ts';
import { ScimRefusal } from '../../src/domain/scim-refusal.ts';
import { patchUser, readUser, userDocument, userFields } from '../../src/domain/scim-user.ts';

const connectionId = ConnectionId.parse('corp');

function user(changed: Partial<ProvisionedUser> = {}): ProvisionedUser {
  return {
    id: 'u1',
    connectionId,
    userName: 'ana@acme.example',
    userNameKey: 'corp:ana@acme.example',
    externalId: '00u1',
    identityId: 'i1',
    active: true,
    attributes: {
      displayName: 'Ana',
      name: { givenName: 'Ana', familyName: 'Lis' },
      emails: [{ value: 'ana@acme.example', type: 'work', primary: true }],
    },
    groups: [],
    version: 1,
    createdAt: 1,
    changedAt: 1,
    ...changed,
  };
}

const group: ProvisionedGroup = { id: 'g1', connectionId, displayName: 'Eng', nameKey: 'corp:eng', version: 1, createdAt: 1, changedAt: 1 };

const patch = (...Operations: unknown[]) => ({ schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations });
const afterPatch = (before: ProvisionedUser, ...operations: unknown[]) => patchUser(before, patch(...operations));
const rowOf = (before: ProvisionedUser, after: ReturnType<typeof patchUser>): ProvisionedUser => {
  const { userName, externalId, active, ...attributes } = after;
  return { ...before, userName, active, attributes, ...(externalId === undefined ? {} : { externalId }) };
};

function refusalOf(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof ScimRefusal) return error.scimType;
    throw error;
  }
}

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const core = 'urn:ietf:params:scim:schemas:core:2.0:User';

describe('what takes somebody out of activity, in every spelling', () => {
  it.each<[string, unknown]>([
    ['Entra, without its flag', { op: 'Replace', path: 'active', value: 'False' }],
    ['Entra, with its flag', { op: 'replace', path: 'active', value: false }],
    ['Entra, adding', { op: 'Add', path: 'active', value: 'False' }],
    ['Entra, as a list of one', { op: 'Replace', path: 'active', value: [{ $ref: null, value: 'False' }] }],
    ['Okta, without a path', { op: 'replace', value: { active: false } }],
    ['Okta, with the id beside it', { op: 'replace', value: { id: 'u1', active: 'false' } }],
    ['another case of the name', { op: 'replace', value: { Active: 'FALSE' } }],
    ['the whole name of the attribute', { op: 'replace', path: `${core}:active`, value: false }],
    ['the whole name without a path', { op: 'replace', value: { [`${core}:active`]: false } }],
    ['inside its schema', { op: 'replace', value: { [core]: { active: 'False' } } }],
    ['members of the message in lower case', { OP: 'REPLACE', Path: 'active', VALUE: 'false' }],
  ])('%s [W127]', (_, operation) => {
    expect(afterPatch(user(), operation)).toEqual({ ...userDocument(user()), active: false });
  });

  it('and back', () => {
    const back = { op: 'Replace', path: 'active', value: 'True' };
    expect(afterPatch(user({ active: false }), back).active).toBe(true);
  });

  it.each<[string, unknown]>([
    ['another word', { op: 'replace', path: 'active', value: 'no' }],
    ['a number', { op: 'replace', path: 'active', value: 0 }],
    ['nothing', { op: 'replace', path: 'active', value: null }],
    ['an empty text', { op: 'replace', value: { active: '' } }],
    ['an object', { op: 'replace', value: { active: {} } }],
    ['several', { op: 'replace', path: 'active', value: [{ value: 'False' }, { value: 'True' }] }],
    ['removal', { op: 'remove', path: 'active' }],
  ])('%s is refused, and nobody is left as they were in silence [W127]', (_, operation) => {
    expect(refusalOf(() => afterPatch(user(), operation))).toBe('invalidValue');
  });

  it.each(['no', 0, {}, [], 'Falsch'])('%j in a whole user is refused [W127]', (active) => {
    expect(refusalOf(() => readUser({ userName: 'a', active }, null))).toBe('invalidValue');
  });

  it('a whole user says it as a truth or a text, stays as they are without a word, and is active when new [W127]', () => {
    const before = user({ active: false });
    expect(readUser({ userName: 'a', active: 'False' }, null).active).toBe(false);
    expect(readUser({ userName: 'a', ACTIVE: false }, user()).active).toBe(false);
    expect(readUser({ userName: 'a' }, before).active).toBe(false);
    expect(readUser({ userName: 'a' }, null).active).toBe(true);
    expect(refusalOf(() => readUser({ userName: 'a', active: false, Active: true }, null))).toBe('invalidSyntax');
  });
});

describe('what Entra and Okta send', () => {
  it.each<[string, unknown[], Record<string, unknown>]>([
    [
      'Entra: several attributes at once, by dotted names, some of them not kept',
      [
        {
          op: 'Replace',
          value: {
            displayName: 'Ana L',
            'name.givenName': 'Anna',
            [`${enterprise}:employeeNumber`]: '7',
            [`${enterprise}:department`]: 'R',
          },
        },
      ],
      { displayName: 'Ana L', name: { givenName: 'Anna', familyName: 'Lis' } },
    ],
    [
      'Entra: the work address',
      [{ op: 'Replace', path: 'emails[type eq "work"].value', value: 'new@acme.example' }],
      { emails: [{ value: 'new@acme.example', type: 'work', primary: true }] },
    ],
    [
      'Entra: an address of a type that is not there yet, with Add',
      [{ op: 'Add', path: 'emails[type eq "home"].value', value: 'h@ana.example' }],
      {
        emails: [
          { value: 'ana@acme.example', type: 'work', primary: true },
          { type: 'home', value: 'h@ana.example' },
        ],
      },
    ],
    [
      'Entra: an address of a type that is not there yet, with Replace',
      [{ op: 'Replace', path: 'emails[type eq "home"].value', value: 'h@ana.example' }],
      {
        emails: [
          { value: 'ana@acme.example', type: 'work', primary: true },
          { type: 'home', value: 'h@ana.example' },
        ],
      },
    ],
    [
      'Entra: the same as the key of an object without a path',
      [{ op: 'Add', value: { 'emails[type eq "work"].value': 'w@acme.example', title: 'Lead' } }],
      { title: 'Lead', emails: [{ value: 'w@acme.example', type: 'work', primary: true }] },
    ],
    ['Entra: another user name', [{ op: 'Replace', path: 'userName', value: 'ana2@acme.example' }], { userName: 'ana2@acme.example' }],
    ['Entra: a name taken away', [{ op: 'Remove', path: 'displayName' }], { displayName: undefined }],
    ['Entra: what it keeps as extension is accepted and dropped', [{ op: 'Add', path: `${enterprise}:manager`, value: 'x' }], {}],
    [
      'Okta: an object that is part of the user',
      [{ op: 'replace', value: { name: { familyName: 'Li' } } }],
      { name: { givenName: 'Ana', familyName: 'Li' } },
    ],
    [
      'all addresses anew',
      [{ op: 'replace', path: 'emails', value: [{ value: 'b@acme.example', type: 'work', display: 'B' }] }],
      { emails: [{ value: 'b@acme.example', type: 'work' }] },
    ],
    [
      'an address that is there already',
      [{ op: 'add', path: 'emails', value: [{ value: 'ana@acme.example', type: 'work', primary: true }] }],
      {},
    ],
    [
      'another address that is the first now',
      [{ op: 'add', path: 'emails', value: { value: 'b@acme.example', primary: 'True' } }],
      {
        emails: [
          { value: 'ana@acme.example', type: 'work', primary: false },
          { value: 'b@acme.example', primary: true },
        ],
      },
    ],
    ['one address out', [{ op: 'Remove', path: 'emails[type eq "work"]' }], { emails: undefined }],
    ['its value out', [{ op: 'Remove', path: 'emails[type eq "work"].value' }], { emails: undefined }],
    ['a part of the name out', [{ op: 'remove', path: 'name.familyName' }], { name: { givenName: 'Ana' } }],
    ['the whole name out', [{ op: 'remove', path: 'name' }], { name: undefined }],
    [
      'several operations in their order',
      [
        { op: 'add', path: 'title', value: 'A' },
        { op: 'replace', path: 'title', value: 'B' },
      ],
      { title: 'B' },
    ],
    ['an external id later', [{ op: 'Add', path: 'externalId', value: 'oid-2' }], { externalId: 'oid-2' }],
  ])('%s; sent again it changes nothing more', (_, operations, changed) => {
    const expected = Object.fromEntries(Object.entries({ ...userDocument(user()), ...changed }).filter(([, value]) => value !== undefined));
    const once = afterPatch(user(), ...operations);
    expect(once).toEqual(expected);
    expect(afterPatch(rowOf(user(), once), ...operations)).toEqual(once);
  });

  it('a whole user of Okta', () => {
    const sent = {
      schemas: [core, enterprise],
      id: 'u1',
      userName: 'ana@acme.example',
      name: { givenName: 'Ana', familyName: 'Lis', middleName: null },
      emails: [{ primary: true, value: 'ana@acme.example', type: 'work', display: 'x' }],
      displayName: 'Ana Lis',
      locale: 'en-US',
      externalId: '00u1',
      groups: [{ value: 'g9' }],
      [enterprise]: { department: 'R' },
      password: 'never kept',
      active: false,
    };
    expect(readUser(sent, user())).toEqual({
      userName: 'ana@acme.example',
      externalId: '00u1',
      active: false,
      displayName: 'Ana Lis',
      name: { givenName: 'Ana', familyName: 'Lis' },
      emails: [{ primary: true, value: 'ana@acme.example', type: 'work' }],
    });
  });
});

describe('what is nobody’s to write', () => {
  const dangerous = {
    _id: 'x',
    identityId: 'i9',
    connectionId: 'other',
    userNameKey: 'other:bo',
    version: 9,
    groups: [{ value: 'g' }],
    roles: [{ value: 'admin' }],
    entitlements: ['all'],
    tenantId: 'other',
    $set: { active: true },
    'groups.value': 'g',
    constructor: { prototype: { active: true } },
    meta: { version: '9' },
    schemas: [],
    id: 'u9',
    __v: 1,
  };

  it('is dropped from a whole user and from an object of a PATCH [W121]', () => {
    expect(readUser({ ...dangerous, userName: 'a' }, null)).toEqual({ userName: 'a', active: true });
    expect(afterPatch(user(), { op: 'replace', value: dangerous })).toEqual(userDocument(user()));
    expect(
      Object.keys(
        userFields(readUser({ ...dangerous, userName: 'a' }, null), connectionId, { issuer: 'i', subjectPrefix: '', isRequired: true }),
      ).sort(),
    ).toEqual(['active', 'attributes', 'userName', 'userNameKey']);
  });

  it.each(['id', 'meta', 'schemas', 'groups', 'groups[value eq "g"]', 'meta.version', `${core}:id`])(
    'is refused where %s is named [W121]',
    (path) => {
      expect(refusalOf(() => afterPatch(user(), { op: 'replace', path, value: 'x' }))).toBe('mutability');
    },
  );

  it.each(['identityId', 'connectionId', 'roles', 'toString', 'constructor.prototype'])('changes nothing by the path %s [W121]', (path) => {
    expect(afterPatch(user(), { op: 'replace', path, value: 'x' })).toEqual(userDocument(user()));
  });

  it.each<[string, string | null, unknown]>([
    ['no operations', 'invalidSyntax', {}],
    ['no list', 'invalidSyntax', { Operations: 'x' }],
    ['a list', 'invalidSyntax', []],
    ['nothing', 'invalidSyntax', null],
    ['another operation', 'invalidSyntax', patch({ op: 'move', path: 'title', value: 'x' })],
    ['a thousand and one', 'invalidSyntax', patch(...Array.from({ length: 1001 }, () => ({ op: 'add', path: 'title', value: 'x' })))],
    ['removal of nothing in particular', 'noTarget', patch({ op: 'remove' })],
    [
      'more addresses than anybody has',
      'invalidValue',
      patch({ op: 'add', path: 'emails', value: Array.from({ length: 101 }, (_, n) => ({ value: `${n}@a.example` })) }),
    ],
    ['no object without a path', 'invalidValue', patch({ op: 'add', value: 'x' })],
    ['a path that is none', 'invalidPath', patch({ op: 'add', path: 'emails[', value: 'x' })],
    ['a name that is none', 'invalidPath', patch({ op: 'add', path: '_id', value: 'x' })],
    ['an operator in a path', 'invalidPath', patch({ op: 'add', path: 'emails[$where eq "1"].value', value: 'x' })],
    ['another operator in a path', 'invalidPath', patch({ op: 'add', path: 'emails[type sw "w"].value', value: 'x' })],
    ['a user name that is an object', 'invalidValue', patch({ op: 'replace', path: 'userName', value: { $gt: '' } })],
    ['no user name', 'invalidValue', patch({ op: 'remove', path: 'userName' })],
    ['a text of a million', 'invalidValue', patch({ op: 'replace', path: 'title', value: 'x'.repeat(1_000_000) })],
    [
      'twenty-one addresses',
      'invalidValue',
      patch({ op: 'add', path: 'emails', value: Array.from({ length: 21 }, (_, n) => ({ value: `${n}@x` })) }),
    ],
  ])('a PATCH with %s is refused [W127] [W129]', (_, scimType, body) => {
    expect(refusalOf(() => patchUser(user(), body))).toBe(scimType);
  });
});

describe('the members of a group', () => {
  const changes = (...operations: unknown[]) => patchGroup(group, patch(...operations));

  it.each<[string, unknown, unknown]>([
    ['Entra adds', { op: 'Add', path: 'members', value: [{ value: 'u1' }, { value: 'u2' }] }, { op: 'add', users: ['u1', 'u2'] }],
    ['Entra removes, without its flag', { op: 'Remove', path: 'members', value: [{ value: 'u1' }] }, { op: 'remove', users: ['u1'] }],
    ['Entra removes, with its flag', { op: 'remove', path: 'members[value eq "u1"]' }, { op: 'remove', users: ['u1'] }],
    ['Okta removes several', { op: 'remove', path: 'members[value eq "u1" or value eq "u2"]' }, { op: 'remove', users: ['u1', 'u2'] }],
    ['Okta replaces all', { op: 'replace', path: 'members', value: [{ value: 'u1', display: 'Ana' }] }, { op: 'set', users: ['u1'] }],
    ['Okta replaces all, without a path', { op: 'replace', value: { members: [{ value: 'u1' }] } }, { op: 'set', users: ['u1'] }],
    ['one that is no list', { op: 'add', path: 'members', value: { value: 'u1' } }, { op: 'add', users: ['u1'] }],
    ['the same twice', { op: 'add', path: 'members', value: [{ value: 'u1' }, { value: 'u1' }] }, { op: 'add', users: ['u1'] }],
    ['all go', { op: 'remove', path: 'members' }, { op: 'set', users: [] }],
    ['none is left', { op: 'replace', path: 'members', value: [] }, { op: 'set', users: [] }],
    ['nobody is named to go', { op: 'remove', path: 'members', value: [] }, { op: 'remove', users: [] }],
  ])('%s', (_, operation, expected) => {
    expect(changes(operation)).toEqual({ group: { displayName: 'Eng' }, isNamed: false, members: [expected] });
  });

  it('Okta renames without a path, with the id beside it', () => {
    expect(changes({ op: 'replace', value: { id: 'g1', displayName: 'Engineers' } })).toEqual({
      group: { displayName: 'Engineers' },
      isNamed: true,
      members: [],
    });
  });

  it.each<[string, string, unknown]>([
    ['no id', 'invalidValue', { op: 'add', path: 'members', value: [{ display: 'Ana' }] }],
    ['an object for an id', 'invalidValue', { op: 'add', path: 'members', value: [{ value: { $ne: '' } }] }],
    ['another attribute', 'invalidFilter', { op: 'remove', path: 'members[display eq "Ana"]' }],
    ['a filter with add', 'invalidPath', { op: 'add', path: 'members[value eq "u1"]', value: {} }],
    ['no name', 'invalidValue', { op: 'remove', path: 'displayName' }],
  ])('are refused with %s [W129]', (_, scimType, operation) => {
    expect(refusalOf(() => changes(operation))).toBe(scimType);
  });

  it('of a whole group are all there are', () => {
    expect(readGroup({ displayName: 'Eng', members: [{ value: 'u1' }], externalId: 'e' })).toEqual({
      group: { displayName: 'Eng', externalId: 'e' },
      isNamed: true,
      members: [{ op: 'set', users: ['u1'] }],
    });
    expect(readGroup({ displayName: 'Eng' }).members).toEqual([{ op: 'set', users: [] }]);
  });
});
