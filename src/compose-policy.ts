import { policyOf, PolicySchema, directoryUnder } from './config/policy.ts';
import type { Config } from './config/schema.ts';
import { canonicalJson } from './domain/canonical-json.ts';
import type { Directory } from './domain/directory.ts';
import { liveDirectory } from './domain/directory.ts';
import { followsFile } from './domain/policy.ts';
import type { AuditLog } from './ports/audit-log.ts';
import type { Clock } from './ports/clock.ts';
import { StoreUnavailable } from './ports/document-engine.ts';
import type { Log } from './ports/log.ts';
import type { Policies } from './ports/policies.ts';
import type { FollowedPolicy } from './stores/followed-policy.ts';
import { followPolicy } from './stores/followed-policy.ts';

interface Parts {
  readonly policies: Policies;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly log: Log;
}

/** The same whatever defaults were written out. */
const isSame = (stored: unknown, config: Config): boolean => {
  const read = PolicySchema.safeParse(stored);
  return read.success && canonicalJson(read.data) === canonicalJson(PolicySchema.parse(policyOf(config)));
};

/** Puts the file's policy in force, as long as nobody has applied one in a reviewed way: from then on a file is only a proposal. */
async function settle(config: Config, { policies, audit, clock, log }: Parts): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const latest = await policies.latest();
    if (latest !== null && isSame(await policies.document(latest.digest), config)) return;
    if (!followsFile(latest)) return log.warn('policy.differs', { reason: `the file says something else than revision ${latest?.number}` });
    const number = (latest?.number ?? 0) + 1;
    const revision = { number, at: clock.now(), source: 'start' as const, by: null, note: 'as the configuration file said at a start' };
    // The record first: what is in force is on record, whatever failed in between.
    await audit.append({ event: 'policy.changed', revision: number, rule: revision.note });
    if (await policies.add(revision, policyOf(config))) return undefined;
  }
  throw new StoreUnavailable('the policy kept changing while this process started');
}

/** What this process goes by from now on, in the directory's words. */
export async function openPolicy(config: Config, parts: Parts): Promise<{ directory: Directory; policy: FollowedPolicy<Directory> }> {
  await settle(config, parts);
  const policy = await followPolicy({ ...parts, read: directoryUnder(config) });
  return { directory: liveDirectory(policy.current), policy };
}
