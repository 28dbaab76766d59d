import type { Context } from 'koa';
import type { RateCounter, RateWindows } from '../ports/rate-windows.ts';

/** Requests per minute from one address. */
export interface Limits {
  readonly authorizePerMinute: number;
  readonly registerPerMinute: number;
  readonly tokenFailuresPerMinute: number;
  readonly answersPerMinute: number;
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
  authorize(ctx: Context): void;
  register(ctx: Context): void;
  /** What a person fills in on a page that asks for a password or a code. */
  answer(ctx: Context): void;
  /** Refuses an address that has failed too often; a failure is counted by `tokenFailed`. */
  token(ctx: Context): void;
  tokenFailed(ctx: Context): void;
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
export function openRateLimits(limits: Limits, addressOf: (ctx: Context) => string, windows: RateWindows): RateLimits {
  const authorize = windows.counter('authorize', limits.authorizePerMinute);
  const register = windows.counter('register', limits.registerPerMinute);
  const answers = windows.counter('answer', limits.answersPerMinute);
  const tokenFailures = windows.counter('token', limits.tokenFailuresPerMinute);

  function refuse(counter: RateCounter, source: string): void {
    const wait = counter.wait(source);
    if (wait > 0) throw new TooManyRequests(Math.ceil(wait / 1000));
  }

  function consume(counter: RateCounter, ctx: Context): void {
    const source = bucketOf(addressOf(ctx));
    refuse(counter, source);
    counter.count(source);
  }

  return {
    authorize: (ctx) => consume(authorize, ctx),
    register: (ctx) => consume(register, ctx),
    answer: (ctx) => consume(answers, ctx),
    token: (ctx) => refuse(tokenFailures, bucketOf(addressOf(ctx))),
    tokenFailed: (ctx) => tokenFailures.count(bucketOf(addressOf(ctx))),
  };
}
