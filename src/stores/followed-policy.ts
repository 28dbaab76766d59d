import type { Revision } from '../domain/policy.ts';
import type { Clock } from '../ports/clock.ts';
import { StoreUnavailable } from '../ports/document-engine.ts';
import type { Log } from '../ports/log.ts';
import type { Policies } from '../ports/policies.ts';
import type { PolicyInForce } from '../ports/policy-in-force.ts';
import { repeat } from './repeat.ts';

/** Both in ms: between two looks, and after the last good one for which it still counts. */
export const followTimes = { interval: 400, staleness: 1_500 };

export interface FollowParts<Meaning> {
  readonly policies: Pick<Policies, 'latest' | 'document' | 'add'>;
  readonly clock: Clock;
  readonly log: Log;
  /** What a document says; throws when this version cannot read it. */
  readonly read: (document: unknown) => Meaning;
  readonly times?: typeof followTimes;
}

export interface FollowedPolicy<Meaning> extends PolicyInForce {
  /** What the revision in force says. */
  current(): Meaning;
  close(): void;
}

/** A revision, what it says and what that means here. */
interface InForce<Meaning> {
  readonly revision: Revision;
  readonly document: unknown;
  readonly meaning: Meaning;
}

/** Reads what a revision says; one that cannot be read is told of once, and asked for again. */
function openReader<Meaning>({ policies, log, read }: FollowParts<Meaning>): (revision: Revision) => Promise<InForce<Meaning>> {
  let unreadable: number | null = null;
  return async (revision) => {
    const { number, digest } = revision;
    const document = await policies.document(digest);
    try {
      const meaning = read(document);
      unreadable = null;
      return { revision, document, meaning };
    } catch (error) {
      if (unreadable !== number) log.error('policy.unreadable', { reason: `revision ${number}`, error });
      unreadable = number;
      throw new StoreUnavailable(`revision ${number} of the policy cannot be read by this version`);
    }
  };
}

/**
 * Goes by the newest revision, which is looked for again and again. A revision that cannot be read lets nobody do anything: what it takes
 * away must not go on.
 */
export async function followPolicy<Meaning>(parts: FollowParts<Meaning>): Promise<FollowedPolicy<Meaning>> {
  const { policies, clock, log, times = followTimes } = parts;
  const readRevision = openReader(parts);
  let lookedAt = clock.now();
  let looking: Promise<void> | null = null;

  const newest = await policies.latest();
  if (newest === null) throw new StoreUnavailable('there is no policy');
  let inForce = await readRevision(newest);

  /** A store that has lost everything gets back what is in force, since nobody decided otherwise. */
  async function putBack(): Promise<Revision | null> {
    const { revision, document } = inForce;
    const note = `put back: the store had lost revision ${revision.number} and everything before it`;
    if (await policies.add({ ...revision, number: 1, at: clock.now(), note }, document)) log.warn('policy.put-back', { reason: note });
    return policies.latest();
  }

  async function look(): Promise<void> {
    const began = clock.now();
    const revision = (await policies.latest()) ?? (await putBack());
    if (revision === null) throw new StoreUnavailable('there is no policy');
    const before = inForce.revision;
    // After a loss the same number may be another's.
    if (revision.number !== before.number || revision.digest !== before.digest) {
      inForce = await readRevision(revision);
      log.info('policy.changed', { reason: `revision ${revision.number} after ${before.number}` });
    }
    lookedAt = began;
  }

  /** Several who ask at once share one look. */
  const lookOnce = async (): Promise<void> => (looking ??= look().finally(() => (looking = null)));
  const stop = repeat(() => lookOnce().catch((error: unknown) => log.warn('policy.unheard', { error })), times.interval);
  const isFresh = (): boolean => clock.now() >= lookedAt && clock.now() - lookedAt <= times.staleness;

  return {
    isFresh,
    fresh: async () => {
      if (!isFresh()) await lookOnce();
    },
    revision: () => inForce.revision.number,
    current: () => inForce.meaning,
    close: stop,
  };
}
