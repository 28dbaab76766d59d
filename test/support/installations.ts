import fc from 'fast-check';
import { ConfigSchema } from '../../src/config/schema.ts';
import type { Config } from '../../src/config/schema.ts';
import { policyOf } from '../../src/config/policy.ts';
import type { Policy } from '../../src/config/policy.ts';
import type { MappingRule } from '../../src/domain/mapping-rule.ts';
import { denying, giving, google, okta } from './rule-worlds.ts';

/** Whole installations at random: who may do what, who is known, what they were given and which apps they let in. Names are few, so that they meet. */

/** What stands still while everything is worked out (ms since the epoch). */
export const moment = Date.UTC(2026, 5, 1);
const hour = 3_600_000;
export const tenantIds = ['acme', 'globex'] as const;
const roleIds = ['viewer', 'editor', 'admin', 'keeper'] as const;
const userIds = ['u_1', 'u_2', 'u_3'] as const;

/** Rules that the configuration takes: whoever is made an administrator is named exactly. Times that are none yet become an hour ago or to come. */
export function written({ connectionId, group, where, role, deny, until }: MappingRule) {
  const exact = (text: string) => (role === 'admin' ? text.replaceAll('*', 'b') : text);
  const connection = role === 'admin' ? (connectionId ?? okta) : connectionId;
  return {
    ...(connection === null ? {} : { connection }),
    ...(group === undefined ? {} : { group: exact(group) }),
    ...(where === undefined ? {} : { where: where.map(({ claim, is }) => ({ claim, is: is.map(exact) })) }),
    ...(role === undefined ? {} : { role }),
    ...(deny === undefined ? {} : { deny }),
    ...(until === undefined ? {} : { until: new Date(until < 10 ? moment - hour : moment + hour).toISOString() }),
  };
}

const rule: fc.Arbitrary<object> = fc.oneof({ weight: 3, arbitrary: giving }, denying).map(written);
export const someRules = fc.array(rule, { maxLength: 5 });
const role = fc.constantFrom(...roleIds);
const connection = fc.constantFrom(okta, google);
const subject = fc.constantFrom('ana', 'bob', 'cleo');

const tenant = fc.record({
  rules: someRules,
  members: fc.array(fc.record({ connection, subject, role }), { maxLength: 1 }),
  defaultRole: fc.constantFrom<string | undefined>(undefined, undefined, 'viewer'),
  suspended: fc.constantFrom(false, false, false, true),
});

const looks = ['drawbridge:read'];
const mends = [...looks, 'drawbridge:people', 'drawbridge:rules'];
const everything = ['n:read', 'n:write', 'n:delete', 'n:own', ...mends];
const permissions = fc.record({
  viewer: fc.constantFrom(['n:read'], ['n:read'], []),
  editor: fc.constantFrom(['n:read', 'n:write'], ['n:read', 'n:write', 'n:delete'], ['n:read', 'n:write', 'n:own'], ['n:read']),
  admin: fc.constantFrom(everything, ['n:read', ...mends], looks),
  keeper: fc.constant(everything),
});

const resources = fc
  .record({
    write: fc.constantFrom(['n:write'], ['n:write'], []),
    remove: fc.constantFrom<string[]>(['n:delete'], ['n:delete'], ['n:delete', 'n:write']),
    own: fc.constantFrom(undefined, ['n:own'], ['n:write']),
    adds: fc.constantFrom(['write'], ['read', 'write'], null),
  })
  .map(({ write, remove, own, adds }) => [
    {
      id: 'notes',
      name: 'Notes',
      baseline: ['read'],
      scopes: [
        { name: 'read', title: 'Read', permissions: ['n:read'] },
        { name: 'write', title: 'Write', changes: true, permissions: write },
      ],
      tools: {
        list: { scopes: ['read'] },
        ...(adds === null ? {} : { add: { scopes: adds } }),
        remove: { scopes: ['write'], permissions: remove, ...(own === undefined ? {} : { ownPermissions: own }) },
      },
    },
    {
      id: 'wiki',
      name: 'Wiki',
      scopes: [{ name: 'edit', title: 'Edit', permissions: ['n:write'] }],
      tools: { edit: { scopes: ['edit'] } },
    },
  ]);

const tenants = fc
  .tuple(fc.array(tenant, { minLength: 2, maxLength: 2 }), fc.constantFrom(2, 2, 2, 1))
  .map(([all, count]) =>
    tenantIds.slice(0, count).flatMap((id, at) => (all[at] === undefined ? [] : [{ id: id as string, name: id as string, ...all[at] }])),
  );

const policy = fc.record({ tenants, permissions, resources }).map(({ permissions: of, ...rest }) => ({
  ...rest,
  roles: roleIds.map((id) => ({ id: id as string, name: id as string, permissions: of[id] })),
}));
export type WrittenPolicy = typeof policy extends fc.Arbitrary<infer Written> ? Written : never;

const upstreamAt = (id: string) => `https://${id}.example`;
const oidc = (id: string, more: object = {}) => ({
  id,
  type: 'oidc',
  name: id,
  issuer: upstreamAt(id),
  client_id: 'drawbridge',
  client_secret: 'secret',
  claims: { groups: '/groups' },
  ...more,
});

/** The configuration of a process under a policy, over a store. */
export function configOf({ tenants: all, roles, resources: found }: WrittenPolicy, isProvisioned: boolean, store: string): Config {
  const issuer = 'http://localhost:4000';
  const place = (id: string) => ({ identifier: `${issuer}/${id}`, upstream: `http://localhost:4002/${id}`, default: id === 'notes' });
  return ConfigSchema.parse({
    issuer,
    store,
    key: 'A'.repeat(42).concat('Q'),
    organisation: { name: 'Example' },
    administration: { tenant: 'globex' },
    connections: [oidc(okta), oidc(google, isProvisioned ? { provisioning: { scim: true } } : {})],
    tenants: all,
    roles,
    resources: found.map((each) => ({ ...each, ...place(each.id) })),
  });
}

/** The policy as a revision has it. */
export const documentOf = (written: WrittenPolicy): Policy => policyOf(configOf(written, false, 'sqlite:unused'));

const values = fc.array(fc.constantFrom('a', 'b', 'ab', 'bb'), { maxLength: 3 });
const known = fc.record({
  groups: values,
  claims: fc.oneof(fc.constant({}), fc.record({ '/x': values }), fc.record({ '/x': values, '/y': values })) as fc.Arbitrary<
    Record<string, string[]>
  >,
});
const person = fc.record({
  userId: fc.constantFrom(...userIds),
  /** One was taken out of the configuration. */
  connectionId: fc.constantFrom(okta, okta, google, google, 'gone'),
  subject,
  /** Of some nobody has said anything yet. */
  known: fc.option(known, { freq: 5 }),
  /** What was provisioned; counts only where people are. */
  provisioned: fc.option(fc.record({ active: fc.constantFrom(true, true, false), groups: values }), { freq: 3 }),
});
const held = fc.record({
  userId: fc.constantFrom(...userIds),
  tenantId: fc.constantFrom(...tenantIds),
  roles: fc.array(
    fc.record({
      role,
      connectionId: connection,
      /** A row from before roles were computed says nothing of where they come from. */
      source: fc.constantFrom('assigned', 'assigned', 'assigned', undefined),
      expiresAt: fc.constantFrom(undefined, undefined, moment - hour, moment + hour),
    }),
    { minLength: 1, maxLength: 2 },
  ),
});
const app = fc.record({
  whose: fc.nat(5),
  tenantId: fc.constantFrom(...tenantIds),
  resource: fc.constantFrom('notes', 'wiki', 't/acme/notes', 'of-before', 'admin/api'),
  stage: fc.constantFrom('live', 'live', 'live', 'ended', 'coded'),
  isOver: fc.constantFrom(false, false, false, true),
  client: fc.constantFrom('app', 'tool', 'withdrawn'),
  namesIdentity: fc.constantFrom(true, true, false),
});

/** What an installation holds, apart from its policy. */
export const contents = fc.record({
  people: fc
    .uniqueArray(person, {
      maxLength: 6,
      selector: ({ userId, connectionId }) => `${userId} ${connectionId}`,
    })
    .map((all) =>
      all.filter((each, at) => all.findIndex((o) => o.connectionId === each.connectionId && o.subject === each.subject) === at),
    ),
  disabled: fc.constantFrom<(typeof userIds)[number] | null>(null, null, ...userIds),
  isProvisioned: fc.constantFrom(false, false, true),
  held: fc.uniqueArray(held, { maxLength: 3, selector: ({ userId, tenantId }) => `${userId} ${tenantId}` }),
  apps: fc.array(app, { maxLength: 6 }),
});
export type Contents = typeof contents extends fc.Arbitrary<infer Held> ? Held : never;

/** A policy and another: anything at all, or what people change, a rule or two of one tenant. */
export const twoPolicies: fc.Arbitrary<readonly [WrittenPolicy, WrittenPolicy]> = fc.oneof(
  fc.tuple(policy, policy),
  fc.tuple(policy, fc.nat(4), fc.nat(2), someRules).map(([before, at, gone, more]): [WrittenPolicy, WrittenPolicy] => [
    before,
    {
      ...before,
      tenants: before.tenants.map((each, index) => (index > 0 ? each : { ...each, rules: each.rules.toSpliced(at, gone, ...more) })),
    },
  ]),
);
