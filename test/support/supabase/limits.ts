import { GoTrueError } from './errors.ts';
import type { World } from './world.ts';

const burst = 30;
/** Per second and address. */
const rates = { token: 150 / 300, verify: 30 / 300, otp: 30 / 300, user: 30 / 300, mfa: 15 / 60 } as const;
export type Limited = keyof typeof rates;

/** A bucket per address and kind of request, refilled all the time. */
export function countRequest(world: World, kind: Limited, ip: string): void {
  if (!world.settings.limited) return;
  const key = `${kind} ${ip}`;
  const known = world.buckets.get(key) ?? { tokens: burst, at: world.now() };
  const tokens = Math.min(burst, known.tokens + ((world.now() - known.at) / 1000) * rates[kind]);
  if (tokens < 1) throw new GoTrueError(429, 'over_request_rate_limit', 'Request rate limit reached');
  world.buckets.set(key, { tokens: tokens - 1, at: world.now() });
}
