import fc from 'fast-check';
import { ConnectionId, RoleId } from '../../src/domain/ids.ts';
import type { MappingRule } from '../../src/domain/mapping-rule.ts';
import { everything } from '../../src/domain/mapping-rule.ts';
import type { Arrival } from '../../src/domain/role-mapping.ts';

/** Rules and people at random, out of so few names that they meet. */

export const [okta, google] = [ConnectionId.parse('okta'), ConnectionId.parse('google')];
export const [viewer, editor, admin] = [RoleId.parse('viewer'), RoleId.parse('editor'), RoleId.parse('admin')];

const few = (...values: string[]) => fc.constantFrom(...values);
const group = few('a', 'b', 'ab', 'ba', 'bb');
const pattern = few('a', 'b', 'ab', 'a*', '*b', '*', 'a*b');
const role = fc.constantFrom(viewer, editor, admin);
const about = fc.record({ connectionId: fc.constantFrom(null, okta, google) });
const where = fc.array(fc.record({ claim: few('/x', '/y'), is: fc.array(pattern, { minLength: 1, maxLength: 2 }) }), {
  minLength: 1,
  maxLength: 2,
});
const whom = fc.oneof(fc.record({ group: pattern }), fc.record({ where }), fc.record({ group: pattern, where }));
const what = fc.record({ role, until: fc.constantFrom(undefined, 5, 15) });
export const giving: fc.Arbitrary<MappingRule> = fc
  .tuple(about, whom, what)
  .map(([a, b, { role: given, until }]) => ({ ...a, ...b, role: given, ...(until === undefined ? {} : { until }) }));
export const denying: fc.Arbitrary<MappingRule> = fc
  .tuple(about, whom, fc.oneof(role, fc.constant(everything)))
  .map(([a, b, deny]) => ({ ...a, ...b, deny }));
const someRules = fc.array(fc.oneof({ weight: 3, arbitrary: giving }, denying), { maxLength: 8 });
const member = fc.record({ connectionId: fc.constantFrom(okta, google), subject: few('ana', 'bob'), role });
export const someTenant = fc.record({
  rules: someRules,
  members: fc.array(member, { maxLength: 2 }),
  defaultRole: fc.constantFrom(null, viewer, admin),
});
const values = fc.array(group, { maxLength: 3 });
export const arrival: fc.Arbitrary<Arrival> = fc.record({
  connectionId: fc.constantFrom(okta, google),
  subject: few('ana', 'bob'),
  groups: fc.option(values),
  claims: fc.oneof(
    fc.constant({}),
    fc.record({ '/x': values }),
    fc.record({ '/y': values }),
    fc.record({ '/x': values, '/y': values }),
  ) as fc.Arbitrary<Arrival['claims']>,
});
export const assigned = fc.array(
  fc.record({
    role,
    connectionId: fc.constantFrom(okta, google),
    rule: fc.constant('by hand'),
    expiresAt: fc.constantFrom(5, 15, Infinity),
  }),
  { maxLength: 2 },
);
export const now = fc.constantFrom(0, 10, 20);
