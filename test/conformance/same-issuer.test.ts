/** Two connections to one and the same issuer, as with vendors that have a single one for all their customers. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Config } from '../../src/config/schema.ts';
import { directoryOf } from '../../src/config/directory.ts';
import { identities } from '../../src/stores/collections.ts';
import { rolesNow } from '../support/roles-now.ts';
import { beginConsent, rowsOf, startWithTwoIdps } from '../support/two-idps.ts';
import type { TwoIdps } from '../support/two-idps.ts';

let system: TwoIdps;
/** Beta is another customer of Alpha's vendor. */
const oneVendor = (config: Config): Config => {
  const alpha = config.connections.find(({ id }) => id === 'alpha');
  if (alpha === undefined) throw new Error('alpha is configured');
  return {
    ...config,
    connections: config.connections.map((each) => (each.id === 'beta' ? { ...alpha, id: each.id, name: 'Beta' } : each)),
  };
};
beforeAll(async () => {
  system = await startWithTwoIdps({ configure: oneVendor });
});
afterAll(() => system.close());

it('the same subject of the same issuer is another person at each connection, with roles of their own [Q-ANY-06] [Q-JUMPCLOUD-01]', async () => {
  await beginConsent(system, { door: 'alpha' });
  await beginConsent(system, { door: 'beta' });
  const rows = (await rowsOf(system, identities)).filter(({ subject }) => subject === 'person-1');
  expect(new Set(rows.map(({ connectionId }) => connectionId))).toEqual(new Set(['alpha', 'beta']));
  expect(new Set(rows.map(({ issuer }) => issuer))).toEqual(new Set([system.alpha.issuer]));
  expect(system.beta.requests).toEqual([]);
  const [one, other] = rows.map(({ userId }) => userId);
  expect(one).not.toBe(other);
  const place = { engine: system.engine, tenants: directoryOf(system.config).tenants, now: system.clock.now() };
  const held = await Promise.all([one, other].map((user) => rolesNow(place, String(user))));
  expect(held.every((each) => Object.keys(each).length > 0)).toBe(true);
});
