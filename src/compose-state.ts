import { openPolicy } from './compose-policy.ts';
import type { Config } from './config/schema.ts';
import { liveAuthority } from './flows/steps/standing.ts';
import { noFeed } from './ports/authority-feed.ts';
import type { Clock } from './ports/clock.ts';
import type { DocumentEngine } from './ports/document-engine.ts';
import type { Entropy } from './ports/entropy.ts';
import type { Log } from './ports/log.ts';
import type { Sealing } from './ports/sealing.ts';
import { openAuthorityFeed } from './stores/authority-feed.ts';
import { cachedAuthority } from './stores/cached-authority.ts';
import { openStores } from './stores/open-stores.ts';
import { rememberingStores } from './stores/remembered-rows.ts';

interface Ground {
  readonly config: Config;
  readonly engine: DocumentEngine;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
}

/**
 * What is kept and who may do what by it. Alone on its store a process asks it every time; among several each remembers and hears of what
 * was taken away.
 */
export async function openState({ config, engine, clock, entropy, log }: Ground, sealing: Sealing) {
  const isShared = !config.store.startsWith('sqlite:');
  const feed = isShared ? openAuthorityFeed(engine, { clock, entropy, log }) : noFeed;
  const stores = openStores(engine, { feed, sealing, clock, chain: entropy.id() });
  const { directory, policy } = await openPolicy(config, { ...stores, clock, log });
  const authority = liveAuthority({ ...stores, clock, directory, policy });
  const found = { feed, stores, directory, policy };
  if (!isShared) return { ...found, forTokens: stores, authority };
  return { ...found, forTokens: rememberingStores(stores, feed, clock), authority: cachedAuthority(authority, { feed, policy, clock }) };
}
