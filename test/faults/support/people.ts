import type { Consenting } from '../../support/client.ts';
import type { Dice } from './seed.ts';

const byPassword: readonly Consenting[] = [
  { login: 'alice', tenant: 'acme' },
  { login: 'carol', tenant: 'acme' },
  { login: 'erin', tenant: 'initech' },
];
/** Globex asks for a one-time code too. */
const byCode: readonly Consenting[] = [
  { login: 'alice', tenant: 'globex' },
  { login: 'bob', tenant: 'globex' },
];
const people = [...byPassword, ...byCode];

// One code fits once (RFC 6238 §5.2), and there is a new one every half minute: a person in a hurry would have to wait for it.
const betweenCodesMs = 30_000;
const lastCodes = new Map<string, number>();

/** Chance decides who signs in, but nobody does with codes of `issuer` more often than there are any. */
export function somebody(dice: Dice, issuer: string): Consenting {
  const picked = dice.pick(people);
  if (!byCode.includes(picked)) return picked;
  const device = `${picked.login} ${issuer}`;
  if (Date.now() - (lastCodes.get(device) ?? 0) < betweenCodesMs) return dice.pick(byPassword);
  lastCodes.set(device, Date.now());
  return picked;
}
