import { claimedDomains } from '../domain/email-domain.ts';
import { isFreshProof, judgeProof, proofName } from '../domain/proven-domain.ts';
import type { CheckedDomain, ProofVerdict, ProvenDomain } from '../domain/proven-domain.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { DomainProof } from '../ports/domain-proof.ts';
import type { Log } from '../ports/log.ts';
import { expectedText } from './steps/proven-connections.ts';
import type { ProvenDependencies } from './steps/proven-connections.ts';

export interface CheckDependencies extends ProvenDependencies {
  readonly domainProof: DomainProof;
  readonly audit: AuditLog;
  readonly log: Log;
}

type Claim = Omit<CheckedDomain, 'verdict'> & { readonly before: ProvenDomain | null };

/** How many questions are under way at a time. */
const atOnce = 10;

async function record(dependencies: CheckDependencies, claim: Claim, verdict: ProofVerdict): Promise<void> {
  const { provenDomains, audit, log } = dependencies;
  const { domain, connectionId, before, value } = claim;
  const about = { connectionId, domain };
  if (verdict.verdict === 'proven') {
    if (verdict.silence !== null) return log.warn('domain.silent', { connection: connectionId, domain, reason: verdict.silence });
    await provenDomains.keep(verdict.row);
    if (!verdict.isNew) return;
    log.info('domain.proven', { connection: connectionId, domain });
    await audit.append({ ...about, event: 'domain.proven', rule: `the record at ${claim.name} was seen` });
  } else if (verdict.verdict === 'silent') {
    log.warn('domain.silent', { connection: connectionId, domain, reason: verdict.reason });
  } else if (before !== null && (await provenDomains.drop(before)) && before.value === value) {
    log.warn('domain.lost', { connection: connectionId, domain });
    await audit.append({ ...about, event: 'domain.lost', rule: `DNS answered without the record at ${claim.name}` });
  }
}

/**
 * Asks DNS about every claimed domain and keeps, renews or drops the proof. `all` asks about each; otherwise what somebody saw proven
 * lately is left alone and not told of.
 */
export const checkDomains =
  (dependencies: CheckDependencies) =>
  async (which: 'all' | 'due'): Promise<CheckedDomain[]> => {
    const { directory, provenDomains, sealing, clock, domainProof } = dependencies;
    const claimed = [...claimedDomains(directory)];
    const rows = claimed.length === 0 ? [] : await provenDomains.all();
    const claims = claimed.map(([domain, connectionId]): Claim => {
      const before = rows.find(({ id }) => id === domain) ?? null;
      return { domain, connectionId, name: proofName(domain), value: expectedText(sealing, domain), before };
    });
    const due = claims.filter(({ before, value }) => which === 'all' || !isFreshProof(before, value, clock.now()));
    const checked: CheckedDomain[] = [];
    for (let from = 0; from < due.length; from += atOnce) {
      const asked = due.slice(from, from + atOnce).map(async ({ before, ...claim }) => {
        const answer = await domainProof.textsAt(claim.name);
        const verdict = judgeProof(answer, { domain: claim.domain, value: claim.value, before, now: clock.now() });
        await record(dependencies, { ...claim, before }, verdict);
        return { ...claim, verdict };
      });
      checked.push(...(await Promise.all(asked)));
    }
    return checked;
  };
