import type { EndOptions } from '../cli/options.ts';
import { endGrants } from '../flows/end-grants.ts';
import type { EndedGrants } from '../flows/end-grants.ts';
import { nodeEntropy } from '../platform/node-entropy.ts';
import { systemClock } from '../platform/system-clock.ts';
import { readGrants } from '../stores/all-grants.ts';
import { openAuditLog } from '../stores/audit-log.ts';
import { openGrants } from '../stores/grants.ts';
import { onInstallation } from './installation.ts';

/** Ends what people have granted, with what it is doing on stderr and the outcome on stdout. */
export async function end(options: EndOptions): Promise<void> {
  await onInstallation(options, async ({ engine, feed }) => {
    const { before, user, tenant, json } = options;
    const query = { user, tenant, before: before ?? systemClock.now() };
    const audit = openAuditLog(engine, { chain: nodeEntropy.id(), clock: systemClock });
    const shown = ({ seen, ended }: EndedGrants) => void process.stderr.write(`${seen} grants seen, ${ended} ended\n`);
    const done = await endGrants({ grants: openGrants(engine, feed), audit })(readGrants(engine), query, shown);
    process.stdout.write(
      `${json ? JSON.stringify(done) : `${done.ended} of ${done.seen} grants ended; the others were over or not meant`}\n`,
    );
  });
}
