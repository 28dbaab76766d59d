import type { LocalMethod } from './local-evidence.ts';
import type { Person } from './person.ts';

/** What our own second factor is made of, beside recovery codes. */
export type OwnWay = 'app' | 'passkey';

/** What is asked of our own second factor: made by whoever has none, answered by whoever has one, and joined by a passkey where only that would do. */
export interface OwnAsk {
  readonly ask: 'code' | 'enrolment' | 'passkey-too';
  /** What can be done on the page. */
  readonly ways: readonly OwnWay[];
  /** Only what nobody in between could have copied will do, so no recovery code either. */
  readonly resists: boolean;
}

/** What is known of somebody's second factor of ours. */
export interface OwnFacts {
  readonly isEnrolled?: boolean;
  /** What they have of it. */
  readonly holds?: readonly OwnWay[];
  /** Whether browsers make passkeys for our address. */
  readonly takesPasskeys?: boolean;
}

/** The least of ours that helps: anything of it, or only a passkey. */
export function helpOf(
  isOffered: boolean,
  { takesPasskeys = false }: OwnFacts,
  helps: (method: LocalMethod) => boolean,
): LocalMethod | null {
  if (!isOffered) return null;
  if (helps('totp')) return 'totp';
  return takesPasskeys && helps('passkey') ? 'passkey' : null;
}

/** What is there is proven before a passkey joins it, and a passkey that is there is the one to use. */
export function askOwn(person: Person, help: LocalMethod, facts: OwnFacts): OwnAsk {
  const { isEnrolled = false, holds = ['app'], takesPasskeys = false } = facts;
  const passkey: readonly OwnWay[] = takesPasskeys ? ['passkey'] : [];
  const needsPasskey = help === 'passkey';
  if (!isEnrolled) return { ask: 'enrolment', ways: needsPasskey ? passkey : ['app', ...passkey], resists: needsPasskey };
  const hasPasskey = holds.includes('passkey');
  if (needsPasskey && hasPasskey) return { ask: 'code', ways: passkey, resists: true };
  if (needsPasskey && person.ownFactor !== undefined) return { ask: 'passkey-too', ways: passkey, resists: true };
  return { ask: 'code', ways: holds.filter((way) => way === 'app' || takesPasskeys), resists: false };
}
