import type { Config } from '../../src/config/schema.ts';

type Connection = Config['connections'][number];

/** A connection of the configuration that speaks OpenID Connect. */
export function oidcConnection({ connections }: Pick<Config, 'connections'>, at = 0): Extract<Connection, { type: 'oidc' }> {
  const connection = connections[at];
  if (connection?.type !== 'oidc') throw new Error(`connection ${String(at)} is not an OpenID provider`);
  return connection;
}
