import type { LookupAddress } from 'node:dns';
import { lookup as resolveName } from 'node:dns/promises';
import { isIP } from 'node:net';
import { rootCertificates } from 'node:tls';
import { callbackify } from 'node:util';
import { Agent, fetch, type RequestInit } from 'undici';
import type { OutboundFetch, OutboundRequest } from '../ports/document-fetcher.ts';
import { addressKind } from './special-use.ts';

export interface GuardOptions {
  /** http and this machine too: only when our own issuer is http on loopback, which is never so in production. */
  readonly loopback: boolean;
  /** The company's own network too: for upstreams an administrator configured, never for a URL a stranger named. */
  readonly privateNetworks?: boolean;
  /** For the whole exchange, from resolving the name to the last byte. */
  readonly timeoutMs?: number;
  /** Bytes of one answer as they come over the wire. */
  readonly mostBytes?: number;
  /** How long (ms) a connection that has answered waits for the next request; without it each serves one, so that each is checked anew. */
  readonly reuseMs?: number;
  /** A PEM certificate authority believed beside the public ones. */
  readonly ca?: string;
  /** All addresses of a name. */
  readonly resolve?: (hostname: string) => Promise<LookupAddress[]>;
}

/** A request that may not leave. */
export class OutboundRefused extends Error {
  override readonly name = 'OutboundRefused';
  readonly code: 'URL_NOT_ALLOWED' | 'ADDRESS_NOT_ALLOWED' | 'NAME_NOT_RESOLVED';

  constructor(code: OutboundRefused['code']) {
    super(code);
    this.code = code;
  }
}

/**
 * The one way out. Every address a name resolves to is checked at the moment of connecting and the connection goes to a checked one, so that a
 * name cannot mean one host when judged and another when called. Redirects stay answers, and no proxy, cookie or credential comes from the surroundings.
 */
export function openGuardedFetch(options: GuardOptions): { readonly fetch: OutboundFetch } {
  const { loopback, privateNetworks = false, timeoutMs = 5000, mostBytes = 1024 * 1024, resolve = allAddresses, reuseMs } = options;

  function isAdmitted(address: string): boolean {
    const kind = addressKind(address);
    return kind === 'public' || (kind === 'loopback' && loopback) || (kind === 'private' && privateNetworks);
  }

  async function checkedAddresses(hostname: string, _options: unknown): Promise<LookupAddress[]> {
    const addresses = await resolve(hostname).catch(() => []);
    if (addresses.length === 0) throw new OutboundRefused('NAME_NOT_RESOLVED');
    // One bad address among several is a trap, not a choice.
    if (!addresses.every(({ address }) => isAdmitted(address))) throw new OutboundRefused('ADDRESS_NOT_ALLOWED');
    return addresses;
  }

  const agent = new Agent({
    ...(reuseMs === undefined ? { pipelining: 0 } : { pipelining: 1, keepAliveTimeout: reuseMs, keepAliveMaxTimeout: reuseMs }),
    allowH2: false,
    // Makes the connection ask for all addresses of a name, never for one.
    autoSelectFamily: true,
    connect: {
      lookup: callbackify(checkedAddresses),
      timeout: timeoutMs,
      ...(options.ca === undefined ? {} : { ca: [...rootCertificates, options.ca] }),
    },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxHeaderSize: 16 * 1024,
    maxResponseSize: mostBytes,
  });

  async function guarded(text: string, request: OutboundRequest): Promise<Response> {
    const url = new URL(text);
    admitUrl(url, loopback);
    // An address in the URL is never resolved, hence never seen by `checkedAddresses`.
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 && !isAdmitted(host)) throw new OutboundRefused('ADDRESS_NOT_ALLOWED');
    const deadline = AbortSignal.timeout(timeoutMs);
    const signal = request.signal === undefined ? deadline : AbortSignal.any([request.signal, deadline]);
    const init = { ...request, redirect: 'manual', signal, dispatcher: agent } as RequestInit;
    return (await fetch(url, init)) as unknown as Response;
  }

  return { fetch: guarded };
}

/** https, or http to this machine where that is allowed; no credentials, no port that belongs to another protocol. */
function admitUrl(url: URL, loopback: boolean): void {
  const localHttp = loopback && url.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  const ordinaryPort = url.port === '' || Number(url.port) >= 1024 || loopback;
  const plain = url.username === '' && url.password === '';
  if (!plain || !ordinaryPort || (url.protocol !== 'https:' && !localHttp)) throw new OutboundRefused('URL_NOT_ALLOWED');
}

function allAddresses(hostname: string): Promise<LookupAddress[]> {
  return resolveName(hostname, { all: true, verbatim: true });
}
