import type { RateCounter, RateWindows } from '../ports/rate-windows.ts';
import type { Incoming } from './exchange.ts';

/** Requests per minute from one address, or by one administrator. */
export interface Limits {
  readonly authorizePerMinute: number;
  readonly registerPerMinute: number;
  readonly tokenFailuresPerMinute: number;
  readonly scimFailuresPerMinute: number;
  readonly answersPerMinute: number;
  readonly previewsPerMinute: number;
}

/** Too many requests from one address; `retryAfter` in seconds. RFC 6585 §4. */
export class TooManyRequests extends Error {
  override readonly name = 'TooManyRequests';
  readonly retryAfter: number;

  constructor(retryAfter: number) {
    super('too many requests');
    this.retryAfter = retryAfter;
  }
}

export interface RateLimits {
  authorize(incoming: Incoming): void;
  register(incoming: Incoming): void;
  /** What a person fills in on a page that asks for a password or a code. */
  answer(incoming: Incoming): void;
  /** Refuses an address that has failed too often; a failure is counted by `tokenFailed`. */
  token(incoming: Incoming): void;
  tokenFailed(incoming: Incoming): void;
  /** The same for provisioning, counted apart: neither shuts the other out. */
  scim(incoming: Incoming): void;
  scimFailed(incoming: Incoming): void;
  /** What is worked out for one administrator and reads everybody: seconds until it may be asked for again; counted where that is 0. */
  preview(administrator: string): number;
}

/** An IPv6 customer holds a whole /64, so that is what counts as one address. */
function bucketOf(address: string): string {
  const v4 = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (v4?.[1] !== undefined) return v4[1];
  const [head = '', tail = ''] = address.split('::');
  const groups = head.split(':').filter((group) => group !== '');
  const missing = address.includes('::') ? Math.max(0, 8 - groups.length - tail.split(':').filter((group) => group !== '').length) : 0;
  return [...groups, ...Array<string>(missing).fill('0')].slice(0, 4).join(':');
}

/** All instances count together; what an instance does not know yet it hears in the background, so no request waits for it. */
export function openRateLimits(limits: Limits, addressOf: (incoming: Incoming) => string, windows: RateWindows): RateLimits {
  const authorize = windows.counter('authorize', limits.authorizePerMinute);
  const register = windows.counter('register', limits.registerPerMinute);
  const answers = windows.counter('answer', limits.answersPerMinute);
  const tokenFailures = windows.counter('token', limits.tokenFailuresPerMinute);
  const scimFailures = windows.counter('scim', limits.scimFailuresPerMinute);
  const previews = windows.counter('preview', limits.previewsPerMinute);

  function refuse(counter: RateCounter, source: string): void {
    const wait = counter.wait(source);
    if (wait > 0) throw new TooManyRequests(Math.ceil(wait / 1000));
  }

  function consume(counter: RateCounter, incoming: Incoming): void {
    const source = bucketOf(addressOf(incoming));
    refuse(counter, source);
    counter.count(source);
  }

  return {
    authorize: (incoming) => consume(authorize, incoming),
    register: (incoming) => consume(register, incoming),
    answer: (incoming) => consume(answers, incoming),
    token: (incoming) => refuse(tokenFailures, bucketOf(addressOf(incoming))),
    tokenFailed: (incoming) => tokenFailures.count(bucketOf(addressOf(incoming))),
    scim: (incoming) => refuse(scimFailures, bucketOf(addressOf(incoming))),
    scimFailed: (incoming) => scimFailures.count(bucketOf(addressOf(incoming))),
    preview: (administrator) => {
      const wait = previews.wait(administrator);
      if (wait === 0) previews.count(administrator);
      return Math.ceil(wait / 1000);
    },
  };
}
