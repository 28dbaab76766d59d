import { Secret, TOTP } from 'otpauth';
import type { OneTimeCodes } from '../ports/one-time-codes.ts';

const period = 30;

/** What every app can do, and nothing else: SHA-1, six digits, thirty seconds. RFC 6238 §4, RFC 4226 §5. */
const appOf = (secret: string, names: { readonly issuer?: string; readonly label?: string } = {}): TOTP =>
  new TOTP({ ...names, secret: Secret.fromBase32(secret), algorithm: 'SHA1', digits: 6, period });

const withoutColon = (name: string): string => name.replace(/\s*:\s*/g, ' ');

export const oneTimeCodes: OneTimeCodes = {
  secretFrom: (bytes) => new Secret({ buffer: Uint8Array.from(bytes).buffer }).base32,
  codeAt: (secret, step) => appOf(secret).generate({ timestamp: step * period * 1000 }),
  // A colon parts the two for the app.
  address: (secret, { issuer, account }) => appOf(secret, { issuer: withoutColon(issuer), label: withoutColon(account) }).toString(),
};
