import type { EndOptions } from '../cli/options.ts';
import { endGrants } from '../flows/end-grants.ts';
import type { EndedGrants } from '../flows/end-grants.ts';
import { nodeEntropy } from '../platform/node-entropy.ts';
import { openLog } from '../platform/pino-log.ts';
import { systemClock } from '../platform/system-clock.ts';
import { noFeed } from '../ports/authority-feed.ts';
import { readGrants } from '../stores/all-grants.ts';
import { openAuditLog } from '../stores/audit-log.ts';
import { openAuthorityFeed } from '../stores/authority-feed.ts';
import { openGrants } from '../stores/grants.ts';
import { storeFile } from '../stores/open-store.ts';
import { configure, openExisting } from './installation.ts';

/** Ends what people have granted, with what it is doing on stderr and the outcome on stdout. */
export async function end(options: EndOptions): Promise<void> {
  const config = configure(options, '');
  const engine = await openExisting(config.store);
  const { before, user, tenant, json } = options;
  const query = { user, tenant, before: before ?? systemClock.now() };
  const isShared = storeFile(config.store) === null;
  const feed = isShared ? openAuthorityFeed(engine, { clock: systemClock, entropy: nodeEntropy, log: openLog(config.log) }) : noFeed;
  try {
    const audit = openAuditLog(engine, { chain: nodeEntropy.id(), clock: systemClock });
    const shown = ({ seen, ended }: EndedGrants) => void process.stderr.write(`${seen} grants seen, ${ended} ended\n`);
    const done = await endGrants({ grants: openGrants(engine, feed), audit })(readGrants(engine), query, shown);
    process.stdout.write(
      `${json ? JSON.stringify(done) : `${done.ended} of ${done.seen} grants ended; the others were over or not meant`}\n`,
    );
  } finally {
    feed.close();
    await engine.close();
  }
}
