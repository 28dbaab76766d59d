import { HttpRefused } from './answers.ts';
import type { GatewayDependencies, IncomingMessage, ServerResponse } from './dependencies.ts';

const ASKED = 'Authorization, Content-Type, MCP-Protocol-Version, Mcp-Method, Mcp-Name, Mcp-Session-Id, Last-Event-ID';
const EXPOSED = 'WWW-Authenticate, Mcp-Session-Id, Retry-After';

/** Refuses a Host or Origin that is not ours, which is what DNS rebinding looks like. MCP transports, "Security & Endpoint"; RFC 9110 §7.2. */
export function checkOrigin({ issuer, origins = [], hosts = [] }: Pick<GatewayDependencies, 'issuer' | 'origins' | 'hosts'>) {
  // Every resource is on the issuer's origin.
  const own = new URL(issuer).host;
  const allowed = new Set([new URL(issuer).origin, ...origins]);
  return (req: IncomingMessage, res: ServerResponse): void => {
    const host = req.headers.host?.toLowerCase();
    if (host !== own && (host === undefined || !hosts.includes(host))) {
      throw new HttpRefused(421, 'This server does not answer under that host name.');
    }
    const { origin } = req.headers;
    res.setHeader('Vary', 'Origin');
    if (origin === undefined) return;
    if (!allowed.has(origin)) throw new HttpRefused(403, 'Web pages of that origin may not call this server.');
    res.setHeader('Access-Control-Allow-Origin', origin);
    res.setHeader('Access-Control-Expose-Headers', EXPOSED);
  };
}

/** Headers of a preflight's answer: the known ones and the parameter headers it asks for by name. Fetch §3.2.2. */
export function preflightHeaders(req: IncomingMessage, methods: string): Record<string, string> {
  const wanted = req.headers['access-control-request-headers'] ?? '';
  const params = wanted.split(',').map((name) => name.trim().toLowerCase());
  const known = params.filter((name) => /^mcp-param-[a-z0-9-]{1,64}$/.test(name)).slice(0, 50);
  return {
    'Access-Control-Allow-Methods': methods,
    'Access-Control-Allow-Headers': [ASKED, ...known].join(', '),
    'Access-Control-Max-Age': '600',
  };
}
