import { reportDomains } from '../cli/domains.ts';
import { keyBeside } from '../cli/master-key.ts';
import type { DomainsOptions } from '../cli/options.ts';
import { directoryOf } from '../config/directory.ts';
import { checkDomains } from '../flows/check-domains.ts';
import { openDnsDomainProof } from '../platform/dns-domain-proof.ts';
import { nodeEntropy } from '../platform/node-entropy.ts';
import { openSealing } from '../platform/node-sealing.ts';
import { openLog } from '../platform/pino-log.ts';
import { systemClock } from '../platform/system-clock.ts';
import { noProvenDomains } from '../ports/proven-domains.ts';
import { openAuditLog } from '../stores/audit-log.ts';
import { openProvenDomains } from '../stores/proven-domains.ts';
import { configure, explain, folderOf, openExisting } from './installation.ts';

/** Asks DNS about every claimed domain and prints what to publish; true when each is proven. */
export async function domains(options: DomainsOptions): Promise<boolean> {
  const config = configure(options, '');
  const engine = await openExisting(config.store).catch((error: unknown) => {
    process.stderr.write(
      `${explain(error)}\nSo this is what DNS says, and not since when; the running Drawbridge looks for itself once a minute.\n`,
    );
    return null;
  });
  try {
    const sealing = openSealing(config.key ?? keyBeside(folderOf(config)));
    const domainProof = openDnsDomainProof(config.dns);
    const stores =
      engine === null
        ? { provenDomains: noProvenDomains, audit: { append: async () => Promise.resolve() } }
        : { provenDomains: openProvenDomains(engine), audit: openAuditLog(engine, { chain: nodeEntropy.id(), clock: systemClock }) };
    const parts = {
      ...stores,
      directory: directoryOf(config),
      sealing,
      domainProof,
      clock: systemClock,
      log: openLog({ level: 'silent' }),
    };
    const { lines, areAllProven } = reportDomains(await checkDomains(parts)('all'), { isStored: engine !== null, asJson: options.json });
    for (const line of lines) process.stdout.write(`${line}\n`);
    return areAllProven;
  } finally {
    await engine?.close();
  }
}
