import type { Config } from '../../src/config/schema.ts';

/** Behind an identity provider that proves no second factor, Globex takes ours, and Acme wants one that nobody could have copied. */
export const ownFactorEverywhere = (config: Config): Config => ({
  ...config,
  limits: { ...config.limits, answersPerMinute: 1_000, authorizePerMinute: 1_000 },
  connections: config.connections.map((connection) =>
    connection.type === 'oidc'
      ? { ...connection, mfa: { acr_values: [], acr: [], amr: [], phishingResistant: { acr: [], amr: [] } } }
      : connection,
  ),
  tenants: config.tenants.map((tenant) => ({
    ...tenant,
    ownSecondFactor: true,
    ...(tenant.id === 'acme' ? { require: { mfa: true, phishingResistant: true } } : {}),
  })),
});
