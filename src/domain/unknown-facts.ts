import { remembering } from './remembering.ts';
import type { Arrival, RoleRules } from './role-mapping.ts';
import { pointersOf } from './rule-claims.ts';

/** Tells of whom something is not known that rules ask for, for people who come as they do. */
export function asksUnknown(tenants: readonly RoleRules[]): (arrival: Arrival) => boolean {
  const askedOf = remembering((connection) => {
    const rules = tenants.flatMap((tenant) =>
      tenant.rules.filter((rule) => rule.connectionId === null || rule.connectionId === connection),
    );
    return { groups: rules.some(({ group }) => group !== undefined), pointers: [...pointersOf([{ rules }])] };
  });
  return ({ connectionId, groups, claims }) => {
    const asked = askedOf(connectionId);
    return (groups === null && asked.groups) || asked.pointers.some((pointer) => claims[pointer] === undefined);
  };
}
