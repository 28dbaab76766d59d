import { shown } from './acknowledgements.ts';
import type { Evidence } from './evidence.ts';
import { recoveryMs } from './evidence.ts';

/** Somebody signed in through every instance soon after its fault was over, without a restart. */
function recovers({ recoveries, instances }: Evidence): string[] {
  const tried = recoveries.map(({ instance }) => instance);
  return [
    ...instances.filter((name) => !tried.includes(name)).map((name) => `nobody tried to sign in through ${name}`),
    ...recoveries.flatMap(({ instance, liftedAt, signedInAt }) => {
      if (signedInAt !== null && signedInAt - liftedAt <= recoveryMs) return [];
      return [`through ${instance} ${signedInAt === null ? 'nobody could sign in' : `it took ${signedInAt - liftedAt} ms`}`];
    }),
  ];
}

/** What a process holds after the fault is what it held before it, but for what it is allowed. */
function letsGo({ holdings }: Evidence): string[] {
  return holdings.flatMap(({ name, before, after, allowance }) =>
    Object.entries(after)
      .filter(([what, held]) => held > (before[what] ?? 0) + (allowance[what] ?? 0))
      .map(
        ([what, held]) => `${name} held ${before[what] ?? 0} ${what} before and ${held} after, and may hold ${allowance[what] ?? 0} more`,
      ),
  );
}

/** What a token can be recognised by: itself, and the part of it that cannot be guessed. */
const partsOf = (secret: string): string[] => [secret, ...(/^(db_|ey)/.test(secret) ? [secret.split('.').at(-1) ?? secret] : [])];

/** Nothing that a client or browser held as a secret is in a line of a log or a row of the record. */
function keepsSecrets({ secrets, lines, chains }: Evidence): string[] {
  const text = [...lines, ...chains.flat().map((record) => JSON.stringify(record))].join('\n');
  return [...secrets]
    .filter(([, secret]) => partsOf(secret).some((part) => part.length >= 12 && text.includes(part)))
    .map(([digest, secret]) => {
      const line = lines.find((each) => partsOf(secret).some((part) => part.length >= 12 && each.includes(part)));
      return `the secret ${digest} (${secret.slice(0, 5)}…) is in ${line === undefined ? 'the record' : `a line of ${eventOf(line)}`}`;
    });
}

const eventOf = (line: string) => /"event":"([^"]+)"/.exec(line)?.[1] ?? 'no event';

/** Every request was answered or broken off before its deadline. */
function ends({ entries }: Evidence): string[] {
  return entries
    .filter(({ sentAt, endedAt, deadlineMs }) => endedAt === null || endedAt - sentAt > deadlineMs)
    .map((entry) => `${shown(entry)} had not ended after ${entry.deadlineMs} ms`);
}

export const conduct = { recovers, letsGo, keepsSecrets, ends };
