import type { Context } from 'koa';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** Requests per minute from one address. */
export interface Limits {
  readonly authorizePerMinute: number;
  readonly registerPerMinute: number;
  readonly tokenFailuresPerMinute: number;
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
  authorize(ctx: Context): Promise<void>;
  register(ctx: Context): Promise<void>;
  /** Refuses an address that has failed too often; a failure is counted by `tokenFailed`. */
  token(ctx: Context): Promise<void>;
  tokenFailed(ctx: Context): Promise<void>;
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

export function openRateLimits(limits: Limits, addressOf: (ctx: Context) => string): RateLimits {
  const limiter = (points: number) => new RateLimiterMemory({ points, duration: 60 });
  const [authorize, register, tokenFailures] = [
    limiter(limits.authorizePerMinute),
    limiter(limits.registerPerMinute),
    limiter(limits.tokenFailuresPerMinute),
  ];

  async function consume(counter: RateLimiterMemory, ctx: Context): Promise<void> {
    try {
      await counter.consume(bucketOf(addressOf(ctx)));
    } catch (error) {
      throw error instanceof RateLimiterRes ? new TooManyRequests(Math.ceil(error.msBeforeNext / 1000)) : error;
    }
  }

  return {
    authorize: (ctx) => consume(authorize, ctx),
    register: (ctx) => consume(register, ctx),
    token: async (ctx) => {
      const state = await tokenFailures.get(bucketOf(addressOf(ctx)));
      if (state !== null && state.remainingPoints <= 0) throw new TooManyRequests(Math.ceil(state.msBeforeNext / 1000));
    },
    tokenFailed: async (ctx) => {
      await consume(tokenFailures, ctx).catch((error: unknown) => {
        if (!(error instanceof TooManyRequests)) throw error;
      });
    },
  };
}
