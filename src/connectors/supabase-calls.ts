import type { OutboundFetch } from '../ports/document-fetcher.ts';
import { LoginRefused } from '../ports/connector.ts';
import type { Claims } from './claims.ts';
import { boundedFetch } from './oidc-fetch.ts';
import { asLoginRefused, GoTrueRefused } from './supabase-refusals.ts';
import { issuerOf, type SupabaseSettings } from './supabase-settings.ts';

export interface Call {
  readonly method: 'GET' | 'POST';
  /** Under `/auth/v1`, with its query. */
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
  /** The session it is made for. */
  readonly access_token?: string;
}

/** Requests to a project's GoTrue. */
export interface GoTrueCalls {
  /** The JSON object it answered with; throws `GoTrueRefused` for a refusal and `LoginRefused` when there is no usable answer. */
  call(call: Call): Promise<Claims>;
}

export function openCalls(settings: SupabaseSettings, fetch: OutboundFetch): GoTrueCalls {
  const outbound = boundedFetch(fetch);
  return {
    async call({ method, path, body, access_token }) {
      const response = await outbound(`${issuerOf(settings)}${path}`, {
        method,
        headers: {
          accept: 'application/json',
          apikey: settings.publishableKey.reveal(),
          'x-supabase-api-version': '2024-01-01',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(access_token === undefined ? {} : { authorization: `Bearer ${access_token}` }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        redirect: 'manual',
        signal: AbortSignal.timeout(settings.timeoutSeconds * 1000),
      }).catch((error: unknown) => {
        throw asLoginRefused(nameOf(path), error);
      });
      if (!response.ok) throw new GoTrueRefused(response.status, response.headers.get('x-sb-error-code'));
      return objectFrom(await response.text(), nameOf(path));
    },
  };
}

/** A path in words for the log: without the ids and queries in it. */
const nameOf = (path: string): string =>
  path
    .replace(/\?.*/, '')
    .replaceAll(/\/[0-9a-f-]{36}/g, '')
    .slice(1);

function objectFrom(text: string, stage: string): Claims {
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Claims;
  } catch {
    // said below
  }
  throw new LoginRefused('untrustworthy', `${stage}: the answer is not a JSON object`);
}
