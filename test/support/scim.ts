import type { Config } from '../../src/config/schema.ts';
import { ConnectionId } from '../../src/domain/ids.ts';
import { issueScimToken } from '../../src/flows/issue-scim-token.ts';
import { nodeEntropy } from '../../src/platform/node-entropy.ts';
import { provisionedGroups, provisionedMembers, provisionedUsers } from '../../src/stores/provisioned-collections.ts';
import { openScimTokens } from '../../src/stores/scim-tokens.ts';
import type { System } from './system.ts';

/** Every connection is provisioned, and there is a second one, `other`, at the same identity provider. */
export const provisioned =
  (required = true) =>
  (config: Config): Config => {
    const connections = config.connections.map((connection) => ({ ...connection, provisioning: { scim: true as const, required } }));
    const others = connections.map((connection) => ({ ...connection, id: ConnectionId.parse('other'), name: 'Other' }));
    return { ...config, connections: [...connections, ...others] };
  };

export interface ScimReply {
  readonly status: number;
  readonly headers: Headers;
  /** Empty for an answer without a body. */
  readonly json: Readonly<Record<string, unknown>>;
}

export interface ScimClient {
  readonly base: string;
  readonly token: string;
  /** Sends the body as SCIM; `path` begins after the connection. */
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<ScimReply>;
}

export type Resource = Readonly<Record<string, unknown>> & { readonly id: string };

async function issue({ engine, clock }: System, connection: string): Promise<string> {
  const audit = { append: async () => Promise.resolve() };
  const parts = { scimTokens: openScimTokens(engine), audit, entropy: nodeEntropy, clock };
  const issued = await issueScimToken(parts)(ConnectionId.parse(connection), true);
  if (issued === null) throw new Error('no token was made');
  return issued.token.reveal();
}

/** Speaks for one connection as its identity provider does. */
export async function scimClient(system: System, connection = 'demo', given?: string): Promise<ScimClient> {
  const token = given ?? (await issue(system, connection));
  const base = `${system.issuer}/scim/v2/${connection}`;
  return {
    base,
    token,
    send: async (method, path, body, headers = {}) => {
      const type: Record<string, string> = body === undefined ? {} : { 'Content-Type': 'application/scim+json' };
      const sent = typeof body === 'string' ? body : JSON.stringify(body);
      const response = await fetch(`${base}${path}`, {
        method,
        headers: { Authorization: `Bearer ${token}`, ...type, ...headers },
        ...(body === undefined ? {} : { body: sent }),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, json: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
    },
  };
}

/** What it was sent to make, made; throws when it was not. */
export async function made(client: ScimClient, kind: 'Users' | 'Groups', body: Record<string, unknown>): Promise<Resource> {
  const { status, json } = await client.send('POST', `/${kind}`, body);
  if (status !== 201) throw new Error(`not made: ${status} ${JSON.stringify(json)}`);
  return json as Resource;
}

export const patchOf = (...Operations: unknown[]) => ({ schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations });

/** Every provisioned row there is. */
export async function provisionedRows({ engine }: Pick<System, 'engine'>): Promise<Record<string, unknown>> {
  const all = [provisionedUsers, provisionedGroups, provisionedMembers];
  return Object.fromEntries(
    await Promise.all(all.map(async (collection) => [collection.name, await engine.page(collection, { limit: 1000 })] as const)),
  );
}
