const names = [
  'discovery',
  'issuer',
  'endpoints',
  'features',
  'algorithms',
  'keys',
  'clock',
  'client',
  'return-address',
  'project',
] as const;
const ofSettings = ['second-factor', 'groups', 'provisioning', 'recheck', 'way-in'] as const;

/** One thing looked at before anybody depends on a connection. */
export interface Check {
  readonly check: (typeof names)[number] | (typeof ofSettings)[number];
  readonly result: 'ok' | 'warning' | 'problem' | 'not-run';
  /** What was found, in one sentence. */
  readonly says: string;
  /** What to do about it; null when there is nothing to do. */
  readonly todo: string | null;
}

type About = Check['check'];

export const ok = (check: About, says: string): Check => ({ check, result: 'ok', says, todo: null });
export const warning = (check: About, says: string, todo: string): Check => ({ check, result: 'warning', says, todo });
export const problem = (check: About, says: string, todo: string): Check => ({ check, result: 'problem', says, todo });
export const notRun = (check: About, says: string): Check => ({ check, result: 'not-run', says, todo: null });

const order: readonly Check['result'][] = ['problem', 'warning', 'not-run', 'ok'];

/** What asks for something first, otherwise in the order they ran. */
export const mostUrgentFirst = (checks: readonly Check[]): Check[] =>
  checks.toSorted((a, b) => order.indexOf(a.result) - order.indexOf(b.result));

/** Whether something has to be fixed before anybody can sign in. */
export const hasProblem = ({ checks }: { readonly checks: readonly Check[] }): boolean => checks.some(({ result }) => result === 'problem');

/** Text of a stranger as it may be repeated: one line, nothing invisible, cut. */
export function repeated(text: unknown): string {
  const visible = typeof text === 'string' ? text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '') : '';
  return visible.length > 200 ? `${visible.slice(0, 200)}…` : visible;
}

export const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;

/** How far apart the clocks may be before it is worth a word, and before sign-ins fail (s). */
const worthAWord = 30;
const tooFar = 60;

/** `ahead`: by how many seconds the identity provider's clock is ahead of ours; negative when behind, null when it did not say. */
export function judgeClock(ahead: number | null): Check {
  if (ahead === null) return notRun('clock', 'It does not say what time it is there.');
  const apart = Math.abs(ahead);
  const seconds = Math.round(apart);
  const side = ahead > 0 ? 'ahead of' : 'behind';
  const todo = 'Set both machines by a time server (NTP); find out first which of the two is wrong.';
  if (apart > tooFar)
    return problem(
      'clock',
      `Its clock is ${seconds} seconds ${side} ours; above ${tooFar} what it signs counts as expired or not yet made.`,
      todo,
    );
  if (apart > worthAWord)
    return warning('clock', `Its clock is ${seconds} seconds ${side} ours; above ${tooFar} nobody can sign in.`, todo);
  return ok('clock', seconds === 0 ? 'Its clock and ours agree.' : `Its clock and ours are ${seconds} seconds apart.`);
}
