import { reportAudit } from '../cli/audit.ts';
import type { AuditOptions } from '../cli/options.ts';
import { readAuditChains } from '../stores/audit-log.ts';
import { configure, openExisting } from './installation.ts';

/** Prints what was asked of the audit log; true when every chain is whole. */
export async function audit(options: AuditOptions): Promise<boolean> {
  const engine = await openExisting(configure(options, '').store);
  try {
    const { lines, checked, broken } = await reportAudit(readAuditChains(engine), options.query, options.json);
    for (const line of lines) process.stdout.write(`${line}\n`);
    const found = broken.map(({ chain, sequence }) => `row ${sequence} of chain ${chain} is not what was written\n`).join('');
    process.stderr.write(broken.length === 0 ? `${checked} rows checked, every chain is whole\n` : found);
    return broken.length === 0;
  } finally {
    await engine.close();
  }
}
