import { Secret, TOTP } from 'otpauth';
import { people } from './people.ts';

/** The code a person may type now, or how long until there is one again. */
export type ShownCode = { readonly code: string } | { readonly waitSeconds: number };

/** Everybody's one-time codes. RFC 6238 */
export interface SecondFactors {
  /** The code to show on the page of this demonstration; a real identity provider never does this. */
  shown(login: string): ShownCode;
  /** Of any number of attempts with one code of one person at most one is answered `true`. */
  accept(login: string, typed: string): boolean;
}

const period = 30;

// A phone's clock may be a step behind or ahead of ours: RFC 6238 §5.2 and §6.
const drift = [0, 1, -1];

export function secondFactors(now: () => number): SecondFactors {
  const devices = new Map(
    people.map(({ login }) => [
      login,
      { totp: new TOTP({ digits: 6, period, secret: new Secret({ size: 20 }) }), used: new Set<number>() },
    ]),
  );
  const device = (login: string) => {
    const found = devices.get(login);
    if (found === undefined) throw new Error('nobody of this demonstration has that name');
    return found;
  };
  const step = (): number => Math.floor(now() / 1000 / period);

  return {
    shown(login) {
      const { totp, used } = device(login);
      const free = drift.map((offset) => step() + offset).find((counter) => !used.has(counter));
      if (free === undefined) return { waitSeconds: period - (Math.floor(now() / 1000) % period) };
      return { code: totp.generate({ timestamp: free * period * 1000 }) };
    },
    accept(login, typed) {
      const { totp, used } = device(login);
      const current = step();
      for (const counter of used) if (counter < current - 1) used.delete(counter);
      const delta = totp.validate({ token: typed.replace(/\s/g, ''), timestamp: current * period * 1000, window: 1 });
      // RFC 6238 §5.2: the second attempt with a code that was accepted once is refused.
      if (delta === null || used.has(current + delta)) return false;
      used.add(current + delta);
      return true;
    },
  };
}
