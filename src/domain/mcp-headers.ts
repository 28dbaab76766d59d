import { isObject, RpcCode, RpcRefused } from './json-rpc.ts';
import type { RpcId, RpcMessage } from './json-rpc.ts';
import { LEGACY_VERSIONS, MODERN_VERSIONS, requestRule } from './mcp-methods.ts';
import type { Era } from './mcp-methods.ts';

/** The MCP headers of one request, each at most once; `repeated` names those that came more often. */
export interface McpHeaders {
  readonly version: string | null;
  readonly method: string | null;
  readonly name: string | null;
  readonly session: string | null;
  readonly lastEventId: string | null;
  /** `Mcp-Param-*` as they came. */
  readonly params: readonly (readonly [string, string])[];
  readonly repeated: readonly string[];
}

const FIELDS = {
  'mcp-protocol-version': 'version',
  'mcp-method': 'method',
  'mcp-name': 'name',
  'mcp-session-id': 'session',
  'last-event-id': 'lastEventId',
} as const;
const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';

/** Reads the header list as received, name, value, name, value: a joined list would hide a repeated header. */
export function readMcpHeaders(raw: readonly string[]): McpHeaders {
  const found = { version: null, method: null, name: null, session: null, lastEventId: null } as Record<
    (typeof FIELDS)[keyof typeof FIELDS],
    string | null
  >;
  const params: [string, string][] = [];
  const seen = new Set<string>();
  const repeated: string[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? '').toLowerCase();
    if (!name.startsWith('mcp-') && name !== 'last-event-id') continue;
    const value = (raw[at + 1] ?? '').replace(/^[ \t]+|[ \t]+$/g, '');
    const isParam = name.startsWith('mcp-param-');
    if (!isParam && !Object.hasOwn(FIELDS, name)) continue;
    if (seen.has(name)) repeated.push(name);
    seen.add(name);
    if (isParam) params.push([name, value]);
    else found[FIELDS[name as keyof typeof FIELDS]] = value;
  }
  return { ...found, params, repeated };
}

/**
 * Which era a message belongs to, once the headers have been found to say what the body says. Legacy messages are judged by their body alone.
 * MCP 2026-07-28 transports, "Server Validation"; versioning, "Backward Compatibility".
 */
export function settleEra(headers: McpHeaders, message: RpcMessage): Era {
  const id = message.kind === 'notification' ? null : message.id;
  checkVersionHeader(headers, id);
  const claimed = claimedVersion(message, id);
  const byHeader = headers.version !== null && MODERN_VERSIONS.includes(headers.version);
  const byBody = claimed !== null && MODERN_VERSIONS.includes(claimed);
  if (!byHeader && !byBody) return 'legacy';
  if (message.kind === 'response')
    throw new RpcRefused(400, RpcCode.invalidRequest, id, 'This protocol version has no answers from clients.');
  if (message.method === 'initialize' && !byBody)
    throw mismatch(id, 'An initialize request belongs to an older protocol version than its header says.');
  if (message.kind === 'request' && headers.version === null) throw mismatch(id, 'The MCP-Protocol-Version header is missing.');
  if (message.kind === 'request' && claimed === null)
    throw new RpcRefused(400, RpcCode.invalidParams, id, `params._meta must name ${VERSION_KEY}.`);
  if (claimed !== null && headers.version !== null && claimed !== headers.version)
    throw mismatch(id, 'The MCP-Protocol-Version header and the body name different versions.');
  checkNames(headers, message, id);
  return 'modern';
}

/** Refuses a version nobody knows and a header that is ambiguous in any era. */
export function checkVersionHeader(headers: McpHeaders, id: RpcId | null): void {
  for (const name of ['mcp-protocol-version', 'mcp-session-id', 'last-event-id']) {
    if (headers.repeated.includes(name)) throw mismatch(id, `The header ${name} came more than once.`);
  }
  if (headers.version !== null) checkVersion(headers.version, id);
}

function checkVersion(version: string, id: RpcId | null): void {
  const supported = [...MODERN_VERSIONS, ...LEGACY_VERSIONS.toReversed()];
  if (supported.includes(version)) return;
  throw new RpcRefused(400, RpcCode.unsupportedVersion, id, 'Unsupported protocol version.', { supported, requested: printable(version) });
}

function claimedVersion(message: RpcMessage, id: RpcId | null): string | null {
  if (message.kind === 'response') return null;
  const meta = message.params?.['_meta'];
  if (!isObject(meta) || !(VERSION_KEY in meta)) return null;
  const version = meta[VERSION_KEY];
  if (typeof version !== 'string') throw new RpcRefused(400, RpcCode.invalidParams, id, `params._meta must name ${VERSION_KEY} as text.`);
  checkVersion(version, id);
  return version;
}

function checkNames(headers: McpHeaders, message: Exclude<RpcMessage, { kind: 'response' }>, id: RpcId | null): void {
  const again = headers.repeated[0];
  if (again !== undefined) throw mismatch(id, `The header ${printable(again)} came more than once.`);
  for (const [name, value] of headers.params) {
    if (decodeHeaderValue(value) === null) throw mismatch(id, `The header ${printable(name)} is malformed.`);
  }
  if (headers.method === null && message.kind === 'request') throw mismatch(id, 'The Mcp-Method header is missing.');
  if (headers.method !== null && headers.method !== message.method)
    throw mismatch(id, 'The Mcp-Method header and the body name different methods.');
  const member = message.kind === 'request' ? (requestRule(message.method, 'modern')?.named ?? null) : null;
  if (member === null) return;
  if (headers.name === null) throw mismatch(id, 'The Mcp-Name header is missing.');
  const decoded = decodeHeaderValue(headers.name);
  if (decoded === null) throw mismatch(id, 'The Mcp-Name header is malformed.');
  if (decoded !== message.params?.[member]) throw mismatch(id, 'The Mcp-Name header and the body name different things.');
}

const SENTINEL = /^=\?base64\?(.*)\?=$/;

/** The text a header value stands for; null when it is not plain printable ASCII and not valid Base64 of UTF-8. MCP 2026-07-28 transports, "Value Encoding". */
export function decodeHeaderValue(value: string): string | null {
  if (!/^[\x20-\x7e]*$/.test(value)) return null;
  const wrapped = SENTINEL.exec(value)?.[1];
  if (wrapped === undefined) return value;
  const bytes = Buffer.from(wrapped, 'base64');
  if (bytes.toString('base64') !== wrapped) return null;
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : null;
}

/** The header value that stands for a text, wrapped only when it has to be. */
export function encodeHeaderValue(text: string): string {
  const plain = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !SENTINEL.test(text);
  return plain ? text : `=?base64?${Buffer.from(text, 'utf8').toString('base64')}?=`;
}

/** At most 100 printable characters, for use in a message. */
function printable(value: string): string {
  return value.replace(/[^\x20-\x7e]/g, '?').slice(0, 100);
}

function mismatch(id: RpcId | null, message: string): RpcRefused {
  return new RpcRefused(400, RpcCode.headerMismatch, id, message);
}
