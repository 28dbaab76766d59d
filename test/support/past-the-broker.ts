import { setTimeout as wait } from 'node:timers/promises';
import { nodeEntropy } from '../../src/platform/node-entropy.ts';
import { authorityChanges } from '../../src/stores/collections.ts';
import type { AuthorityChange } from '../../src/ports/authority-feed.ts';
import type { System } from './system.ts';

/**
 * After a test changed rows past the broker: tells a broker on a shared store, which remembers, as a change through a broker would.
 * One alone on its store asks every time and needs no telling.
 */
export async function announce({ config, engine, clock }: System, ...changes: AuthorityChange[]): Promise<void> {
  if (config.store.startsWith('sqlite:')) return;
  const now = clock.now();
  for (const change of changes) {
    const id = `${String(now).padStart(15, '0')}-${nodeEntropy.id()}`;
    await engine.insert(authorityChanges, { id, ...change, expiresAt: now + 600_000 });
  }
  await wait(1_000);
}
