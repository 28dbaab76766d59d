import { nodeEntropy } from '../../../src/platform/node-entropy.ts';
import { systemClock as clock } from '../../../src/platform/system-clock.ts';
import type { AuthorityChange, AuthorityFeed } from '../../../src/ports/authority-feed.ts';
import type { DocumentEngine } from '../../../src/ports/document-engine.ts';
import { type FeedTimes, feedTimes, openAuthorityFeed } from '../../../src/stores/authority-feed.ts';
import { collections } from '../../../src/stores/collections.ts';
import { openMongoEngine } from '../../../src/stores/mongo/engine.ts';
import { keptLog, type Logged } from '../feed-world.ts';

/** Looks that come too late for a test: what is heard was told. */
export const deaf: FeedTimes = { ...feedTimes, interval: 60_000 };
export const quick: FeedTimes = { ...feedTimes, interval: 50, staleness: 400 };

/** As much of a process as hears what others took away. */
export interface Instance {
  readonly engine: DocumentEngine;
  readonly feed: AuthorityFeed;
  readonly heard: AuthorityChange[];
  readonly lines: Logged[];
}

const open: Instance[] = [];
export const closeAll = async () => {
  for (const { feed } of open) feed.close();
  await Promise.all(open.splice(0).map(({ engine }) => engine.close()));
};

export async function instance(url: string, times: FeedTimes): Promise<Instance> {
  const engine = await openMongoEngine({ url, collections, clock });
  const log = keptLog();
  const feed = openAuthorityFeed(engine, { clock, entropy: nodeEntropy, log, times });
  const heard: AuthorityChange[] = [];
  feed.follow((change) => heard.push(change));
  const one = { engine, feed, heard, lines: log.lines };
  open.push(one);
  return one;
}

export const events = ({ lines }: Instance) => lines.map(({ event }) => event);
export const change = (key: string): AuthorityChange => ({ kind: 'grant', key });
export const isHeard = ({ heard }: Instance, key: string) => heard.some((one) => one.key === key);
