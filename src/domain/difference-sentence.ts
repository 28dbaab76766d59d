import { changes } from './access-difference.ts';
import type { Change } from './access-difference.ts';
import type { PolicyDifference } from './policy-comparison.ts';

/** Of one, and of more. */
const words: Readonly<Record<Change, readonly [string, string]>> = {
  becomesAdministrator: ['+1 becomes an administrator', 'become administrators'],
  stopsBeingAdministrator: ['−1 is no longer an administrator', 'are no longer administrators'],
  losesAccess: ['−1 loses access', 'lose access'],
  losesWrite: ['−1 can no longer make changes', 'can no longer make changes'],
  gainsAccess: ['+1 gains access', 'gain access'],
  changesOtherwise: ['1 changes otherwise', 'change otherwise'],
  stays: ['1 stays as they are', 'stay as they are'],
};

const sign = (change: Change): string => (/^[+−]/u.exec(words[change][0]) ?? [''])[0];

/** "−1 loses access", "−12 can no longer make changes". */
export function changeWords(change: Change, count: number): string {
  const [one, more] = words[change];
  return count === 1 ? one : `${sign(change)}${count} ${more}`;
}

/** "+3 become administrators, −12 can no longer make changes, 199 stay as they are". */
export function differenceSentence({ people, counts }: Pick<PolicyDifference, 'people' | 'counts'>): string {
  if (people === 0) return 'Nobody is known yet';
  const those = changes.filter((change) => counts[change] > 0);
  return those.map((change) => changeWords(change, counts[change])).join(', ');
}
