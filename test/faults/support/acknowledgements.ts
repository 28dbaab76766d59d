import { createHash } from 'node:crypto';

/** `page` is anything a browser opens; the others are one request of a client each. */
export type Kind = 'page' | 'register' | 'exchange' | 'refresh' | 'revoke' | 'tool' | 'other';

/** What a request or its answer was about: ids of grants, and of everything secret the digest only. */
export interface Subject {
  readonly grant?: string;
  /** Of a request: the code or token that was shown. */
  readonly presented?: string;
  /** Of an answer: what it brought. */
  readonly code?: string;
  readonly access?: string;
  readonly refresh?: string;
  readonly state?: string;
}

/** One request and what its client knows of it. */
export interface Entry {
  readonly number: number;
  readonly kind: Kind;
  /** The instance that was asked, where the client chose one, or that answered. */
  readonly instance: string | null;
  readonly about: Subject;
  /** Asked after the run only to see whether it is refused. */
  readonly isProbe: boolean;
  /** Milliseconds since the epoch. */
  readonly sentAt: number;
  /** When it was answered, or its connection lost; null when neither happened by its deadline. */
  readonly endedAt: number | null;
  readonly deadlineMs: number;
  /** Null when the reply was lost: then the effect is there or not. */
  readonly status: number | null;
  /** 2xx, and the body is no JSON-RPC error. */
  readonly isHonoured: boolean;
  readonly given: Subject;
  readonly retryAfter: string | null;
}

/** The entry as messages name it. */
export const shown = ({ number, kind, instance, status }: Entry): string =>
  `#${number} ${kind} at ${instance ?? '?'} → ${status ?? 'lost'}`;

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
  readonly isHonoured: boolean;
}

export interface Question {
  readonly kind: Kind;
  readonly url: string | URL;
  readonly init?: RequestInit;
  readonly about?: Subject;
  /** Which instance behind the front is to answer; in turn when left out. */
  readonly instance?: string;
  readonly deadlineMs?: number;
  readonly isProbe?: boolean;
}

export interface Acknowledgements {
  readonly entries: readonly Entry[];
  /** Everything secret that clients and browsers saw, by its digest: for looking whether a log has it. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Remembers a secret and answers its digest. */
  keep(secret: string): string;
  /** Asks once and notes it, whatever comes of it; null when the reply was lost or late. */
  ask(question: Question): Promise<Reply | null>;
  /** For a browser: every request is noted as `page`. */
  readonly fetch: typeof fetch;
}

/** The header by which a client names the instance it wants, and the front says which one answered. */
export const instanceHeader = 'x-test-instance';

/** No request of a program may take longer, whatever is broken; nor a page, behind which there may be an identity provider. */
export const deadlineMs = 15_000;
const pageDeadlineMs = 32_000;

export const digestOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url').slice(0, 16);

/** The grant a code, refresh token or access token belongs to, as its bearer can read it. */
export function grantOfToken(token: string): string | undefined {
  const own = /^db_[a-z]{2}_([A-Za-z0-9_-]{22})\./.exec(token)?.[1];
  if (own !== undefined) return own;
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
    return typeof claims['grant_id'] === 'string' ? claims['grant_id'] : undefined;
  } catch {
    return undefined;
  }
}

const secretNames = ['code', 'state', 'code_verifier', 'client_secret', 'token', 'refresh_token', 'access_token', 'csrf'];

/** What a request carried that must stay out of logs. */
function secretsOf(url: URL, init: RequestInit): string[] {
  const body = init.body instanceof URLSearchParams ? init.body : new URLSearchParams();
  const named = secretNames.flatMap((name) => [url.searchParams.get(name), body.get(name)]);
  const cookies = new Headers(init.headers).get('cookie')?.split('; ') ?? [];
  return [...named.filter((value) => value !== null), ...cookies.map((pair) => pair.slice(pair.indexOf('=') + 1))];
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

const textIn = (json: Readonly<Record<string, unknown>>, name: string): string | null => {
  const value = json[name];
  return typeof value === 'string' ? value : null;
};

/** The log of one run. */
export function openAcknowledgements(): Acknowledgements {
  const entries: Entry[] = [];
  const secrets = new Map<string, string>();
  const keep = (secret: string): string => {
    const digest = digestOf(secret);
    secrets.set(digest, secret);
    return digest;
  };

  /** What an answer brought: tokens in its body, or a code on the way back to the client. */
  function givenBy({ status, headers, json }: Reply, isForClient: boolean): Subject {
    for (const line of headers.getSetCookie()) keep(line.slice(line.indexOf('=') + 1).split(';')[0] ?? '');
    const [access, refresh] = [textIn(json, 'access_token'), textIn(json, 'refresh_token')];
    if (access !== null) {
      const grant = grantOfToken(access);
      return {
        access: keep(access),
        ...(refresh === null ? {} : { refresh: keep(refresh) }),
        ...(grant === undefined ? {} : { grant }),
      };
    }
    const location = headers.get('location');
    if (status < 300 || status >= 400 || location === null || !isForClient || !URL.canParse(location)) return {};
    const { searchParams } = new URL(location);
    const [code, state] = [searchParams.get('code'), searchParams.get('state')];
    const grant = code === null ? undefined : grantOfToken(code);
    // Another code, for example the identity provider's, names no grant of ours.
    if (code === null || grant === undefined) return {};
    return { grant, code: keep(code), ...(state === null ? {} : { state: keep(state) }) };
  }

  async function send(question: Question): Promise<{ reply: Reply | null; problem: unknown }> {
    const { kind, url, init = {}, about = {}, instance, deadlineMs: limit = deadlineMs, isProbe = false } = question;
    for (const secret of secretsOf(new URL(url), init)) if (secret.length >= 16) keep(secret);
    const headers = new Headers(init.headers);
    if (instance !== undefined) headers.set(instanceHeader, instance);
    const noted = { number: entries.length, kind, about, isProbe, sentAt: Date.now(), deadlineMs: limit };
    const open: Entry = {
      ...noted,
      instance: instance ?? null,
      endedAt: null,
      status: null,
      isHonoured: false,
      given: {},
      retryAfter: null,
    };
    entries.push(open);
    const signal = AbortSignal.timeout(limit);
    try {
      const response = await fetch(url, { ...init, headers, redirect: 'manual', signal });
      const text = await response.text();
      const json = parsed(text);
      const isHonoured = response.ok && json['error'] === undefined;
      const reply: Reply = { status: response.status, headers: response.headers, text, json, isHonoured };
      entries[noted.number] = {
        ...open,
        instance: response.headers.get(instanceHeader) ?? instance ?? null,
        endedAt: Date.now(),
        status: response.status,
        isHonoured,
        given: givenBy(reply, kind === 'page' || kind === 'exchange' || kind === 'refresh'),
        retryAfter: response.headers.get('retry-after'),
      };
      return { reply, problem: null };
    } catch (problem) {
      if (!signal.aborted) entries[noted.number] = { ...open, endedAt: Date.now() };
      return { reply: null, problem };
    }
  }

  return {
    entries,
    secrets,
    keep,
    ask: async (question) => (await send(question)).reply,
    fetch: async (url, init = {}) => {
      const { reply, problem } = await send({ kind: 'page', url: url as string | URL, init, deadlineMs: pageDeadlineMs });
      if (reply === null) throw problem;
      return new Response(reply.text === '' ? null : reply.text, { status: reply.status, headers: reply.headers });
    },
  };
}
