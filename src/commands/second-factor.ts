import type { FactorOptions } from '../cli/factor-options.ts';
import { keyBeside } from '../cli/master-key.ts';
import { UserId } from '../domain/ids.ts';
import { resetFactor } from '../flows/reset-factor.ts';
import { nodeEntropy } from '../platform/node-entropy.ts';
import { openSealing } from '../platform/node-sealing.ts';
import { systemClock } from '../platform/system-clock.ts';
import { openAuditLog } from '../stores/audit-log.ts';
import { openGrants } from '../stores/grants.ts';
import { openSecondFactors } from '../stores/second-factors.ts';
import { openUsers } from '../stores/users.ts';
import { folderOf, onInstallation } from './installation.ts';

/** Takes a person's second factor of ours away and tells what came of it. */
export async function resetSecondFactor({ user, json, ...options }: FactorOptions): Promise<void> {
  await onInstallation(options, async ({ config, engine, feed }) => {
    const id = UserId.safeParse(user).data ?? null;
    if (id === null || (await openUsers(engine, feed).get(id)) === null) throw new Error(`There is no user ${JSON.stringify(user)}.`);
    const sealing = openSealing(config.key ?? keyBeside(folderOf(config)));
    const audit = openAuditLog(engine, { chain: nodeEntropy.id(), clock: systemClock });
    const parts = { secondFactors: openSecondFactors(engine, sealing), grants: openGrants(engine, feed), audit };
    const done = await resetFactor(parts)(id);
    const what = done.removed ? 'second factor reset' : 'there was no second factor';
    process.stdout.write(`${json ? JSON.stringify(done) : `${what}; ${done.ended} grants ended`}\n`);
  });
}
