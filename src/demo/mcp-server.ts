import {
  createMcpHandler,
  hostHeaderValidationResponse,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  originValidationResponse,
  type AuthInfo,
} from '@modelcontextprotocol/server';
import { listenOn } from './loopback.ts';
import { assertionHeader, assertionReader, type Caller } from './mcp-assertion.ts';
import { toolsFor } from './mcp-tools.ts';
import { openNotes } from './notes.ts';
import { bridge } from './web-bridge.ts';

export interface DemoMcpOptions {
  readonly port: number;
  /** The address to listen on; loopback when left out. */
  readonly host?: string;
  /** The name the gateway calls it by. */
  readonly name?: string;
  /** Where the gateway publishes its keys; without it no assertion can be believed, so every one is refused. */
  readonly gatewayJwksUrl?: string;
  readonly gatewayIssuer?: string;
  /** Keeps the notes across restarts. */
  readonly dataFile?: string;
  readonly log?: (line: string) => void;
  readonly now?: () => number;
}

export interface DemoMcp {
  readonly url: string;
  /** Tells every open stream that the list of tools changed, which is how a stream is seen to be alive. */
  announceTools(): void;
  close(): Promise<void>;
}

const path = '/mcp';

function refusal(status: number, code: number, message: string, headers: Record<string, string> = {}): Response {
  return Response.json({ jsonrpc: '2.0', error: { code, message }, id: null }, { status, headers });
}

const refused = (): Response => refusal(401, -32_001, 'The assertion of the gateway was refused.', { 'WWW-Authenticate': assertionHeader });

// The SDK carries this object untouched from here to the factory of the tools; nobody looks at the token.
const vouched = (caller: Caller): AuthInfo => ({ token: '', clientId: caller.client_id ?? '', scopes: [], extra: { caller } });
const callerOf = (known: AuthInfo | undefined): Caller | null => (known?.extra?.['caller'] as Caller | undefined) ?? null;

/** Starts the demonstration MCP server. It knows nothing of OAuth: whoever reaches it is served. */
export async function startDemoMcp(options: DemoMcpOptions): Promise<DemoMcp> {
  const { port, host, name = 'localhost', gatewayJwksUrl, gatewayIssuer, dataFile, log = () => {}, now = Date.now } = options;
  const notes = openNotes(dataFile ?? null);
  const loopback = await listenOn(host, port);
  const url = `http://${name}:${loopback.port}${path}`;
  const read = gatewayJwksUrl === undefined ? null : assertionReader({ gatewayJwksUrl, audience: url, issuer: gatewayIssuer });
  const mcp = createMcpHandler(({ authInfo }) => toolsFor({ caller: callerOf(authInfo), notes, now }), {
    onerror: ({ message }) => log(`demonstration MCP server: ${message}`),
  });

  const handle = async (request: Request): Promise<Response> => {
    const stranger =
      hostHeaderValidationResponse(request, [...localhostAllowedHostnames(), name]) ??
      originValidationResponse(request, localhostAllowedOrigins());
    if (stranger !== undefined) return stranger;
    if (new URL(request.url).pathname !== path) return refusal(404, -32_600, `The MCP endpoint is ${path}.`);
    const assertion = request.headers.get(assertionHeader);
    if (assertion === null) return mcp.fetch(request);
    if (read === null) return refused();
    const caller = await read(assertion).catch((error: unknown) => {
      log(`demonstration MCP server: assertion refused: ${error instanceof Error ? error.name : 'unknown'}`);
      return null;
    });
    return caller === null ? refused() : mcp.fetch(request, { authInfo: vouched(caller) });
  };

  loopback.serve((incoming, outgoing) => void bridge(handle, incoming, outgoing, () => log('demonstration MCP server: a request failed')));
  return {
    url,
    announceTools: () => mcp.notify.toolsChanged(),
    close: async () => {
      await mcp.close();
      await loopback.close();
    },
  };
}
