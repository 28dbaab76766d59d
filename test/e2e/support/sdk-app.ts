import { randomUUID } from 'node:crypto';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type {
  FetchLike,
  OAuthClientMetadata,
  OAuthClientProvider,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
  StoredOAuthTokens,
  VersionNegotiationMode,
} from '@modelcontextprotocol/client';
import { consent, loopbackAddress, openBrowser } from '../../support/client.ts';
import type { Consenting } from '../../support/client.ts';

/** What the person in front of the app does with the address it opens; answers with where the browser was sent back to. */
export type Person = (url: URL) => Promise<URL>;

/** Somebody with the browser of a test: it goes through every page and approves. */
export const inBrowser =
  (how: Consenting = {}): Person =>
  (url) =>
    consent(openBrowser(), url, how);

export interface Sent {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly challenge: string | null;
  readonly form: URLSearchParams | null;
}

export interface AppOptions {
  readonly redirectUrl?: string;
  /** Registers for refresh tokens. */
  readonly refreshes?: boolean;
}

/** An app with a memory of its own, made of the official SDK's interface: what it registered, its tokens, and what it opened and sent. */
export class App implements OAuthClientProvider {
  readonly redirectUrl: string;
  readonly clientMetadata: OAuthClientMetadata;
  /** Who answers the next time it opens a browser; tests put somebody else here. */
  person: Person;
  client: StoredOAuthClientInformation | undefined;
  kept: StoredOAuthTokens | undefined;
  readonly opened: URL[] = [];
  readonly sent: Sent[] = [];
  #state = '';
  #verifier = '';
  #discovered: OAuthDiscoveryState | undefined;

  constructor(name: string, person: Person, { redirectUrl = loopbackAddress, refreshes = true }: AppOptions = {}) {
    this.redirectUrl = redirectUrl;
    this.person = person;
    this.clientMetadata = {
      client_name: name,
      redirect_uris: [redirectUrl],
      grant_types: ['authorization_code', ...(refreshes ? ['refresh_token'] : [])],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    };
  }

  state(): string {
    this.#state = randomUUID();
    return this.#state;
  }
  clientInformation(): StoredOAuthClientInformation | undefined {
    return this.client;
  }
  saveClientInformation(client: StoredOAuthClientInformation): void {
    this.client = client;
  }
  tokens(): StoredOAuthTokens | undefined {
    return this.kept;
  }
  saveTokens(tokens: StoredOAuthTokens): void {
    this.kept = tokens;
  }
  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }
  codeVerifier(): string {
    return this.#verifier;
  }
  saveDiscoveryState(discovered: OAuthDiscoveryState): void {
    this.#discovered = discovered;
  }
  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#discovered;
  }
  redirectToAuthorization(url: URL): void {
    this.opened.push(url);
  }
  invalidateCredentials(what: 'all' | 'client' | 'tokens' | 'verifier' | 'discovery'): void {
    if (what === 'all' || what === 'tokens') this.kept = undefined;
    if (what === 'all' || what === 'client') this.client = undefined;
    if (what === 'all' || what === 'discovery') this.#discovered = undefined;
  }

  /** The tokens there must be by now. */
  get grant(): StoredOAuthTokens & { refresh_token: string } {
    if (this.kept?.refresh_token === undefined) throw new Error('the app has no refresh token');
    return { ...this.kept, refresh_token: this.kept.refresh_token };
  }

  /** The address it opened last, gone through by the person: the answer with the state it was asked under. */
  async answer(): Promise<URLSearchParams> {
    const url = this.opened.at(-1);
    if (url === undefined) throw new Error('the app has opened no address');
    const { searchParams } = await this.person(url);
    if (searchParams.get('state') !== this.#state) throw new Error('the answer carries another state');
    return searchParams;
  }

  /** A fetch that remembers what went out and what came back. */
  readonly fetch: FetchLike = async (url, init) => {
    const response = await fetch(url, init);
    this.sent.push({
      method: init?.method ?? 'GET',
      url: String(url),
      status: response.status,
      challenge: response.headers.get('www-authenticate'),
      form: init?.body instanceof URLSearchParams ? init.body : null,
    });
    return response;
  };

  /** Requests to one address, with the status of each. */
  statuses(url: string, method = 'POST'): number[] {
    return this.sent.filter((each) => each.url === url && each.method === method).map((each) => each.status);
  }
}

export const isUnauthorized = (error: unknown): boolean => error instanceof Error && error.constructor.name === 'UnauthorizedError';

/** What a call answers, whichever SDK made it. */
export interface ToolResult {
  readonly isError?: boolean | undefined;
  readonly structuredContent?: Record<string, unknown> | undefined;
}

export interface Session {
  /** What the two sides settled on. */
  readonly version: string | undefined;
  toolNames(): Promise<string[]>;
  call(name: string, args?: Record<string, unknown>): Promise<ToolResult>;
  close(): Promise<void>;
}

/** One connection of either SDK, not signed in yet. */
export interface Line {
  connect(): Promise<void>;
  finish(answer: URLSearchParams): Promise<void>;
  version(): string | undefined;
  toolNames(): Promise<string[]>;
  call(name: string, args: Record<string, unknown>): Promise<ToolResult>;
  close(): Promise<void>;
}

/** Tries; where the SDK says that somebody has to sign in, the person does, once, and it is tried again. */
async function signingIn<Result>(app: App, line: () => Line, attempt: () => Promise<Result>): Promise<Result> {
  try {
    return await attempt();
  } catch (error) {
    if (!isUnauthorized(error)) throw error;
    await line().finish(await app.answer());
    return attempt();
  }
}

/** A session whose every step may need a person. A line that was refused is not used again: the SDKs start each once. */
export async function openSession(app: App, dial: () => Line): Promise<Session> {
  let line = dial();
  const current = () => line;
  let dialled = true;
  await signingIn(app, current, () => {
    if (!dialled) line = dial();
    dialled = false;
    return line.connect();
  });
  return {
    version: line.version(),
    toolNames: () => signingIn(app, current, () => line.toolNames()),
    call: (name, args = {}) => signingIn(app, current, () => line.call(name, args)),
    close: () => line.close(),
  };
}

/** The current SDK, in the era asked for. */
export const modern =
  (app: App, mcp: string, mode: VersionNegotiationMode = 'auto') =>
  (): Line => {
    const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
    const transport = new StreamableHTTPClientTransport(new URL(mcp), { authProvider: app, fetch: app.fetch });
    return {
      connect: () => client.connect(transport),
      finish: (answer) => transport.finishAuth(answer),
      version: () => client.getNegotiatedProtocolVersion(),
      toolNames: async () => (await client.listTools()).tools.map(({ name }) => name).toSorted(),
      call: async (name, args) => (await client.callTool({ name, arguments: args })) as ToolResult,
      close: () => client.close(),
    };
  };
