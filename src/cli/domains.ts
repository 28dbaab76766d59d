import type { CheckedDomain } from '../domain/proven-domain.ts';

/** What is told of one domain. `since` and `until` are known only where the store could be asked. */
interface DomainReport {
  readonly domain: string;
  readonly connection: string;
  readonly record: { readonly name: string; readonly type: 'TXT'; readonly value: string };
  readonly state: 'proven' | 'not-found' | 'no-answer';
  readonly since: string | null;
  readonly until: string | null;
  /** Why DNS gave no answer, or what else stands there. */
  readonly reason: string | null;
}

const moment = (at: number): string => new Date(at).toISOString();

function reportOf({ domain, connectionId, name, value, verdict }: CheckedDomain, isStored: boolean): DomainReport {
  const nothing = { since: null, until: null, reason: null };
  const about = { domain, connection: connectionId, record: { name, type: 'TXT' as const, value } };
  switch (verdict.verdict) {
    case 'proven': {
      const { provenAt, expiresAt } = verdict.row;
      const times = isStored ? { since: moment(provenAt), until: moment(expiresAt) } : {};
      return { ...about, ...nothing, state: 'proven', ...times, reason: verdict.silence };
    }
    case 'missing':
      return { ...about, ...nothing, state: 'not-found', reason: verdict.others === 0 ? null : `${verdict.others} other TXT records` };
    case 'silent':
      return { ...about, ...nothing, state: 'no-answer', reason: verdict.reason };
  }
}

function stateInWords({ state, since, until, reason }: DomainReport): string {
  switch (state) {
    case 'proven':
      if (since === null) return 'the record is there';
      return reason === null
        ? `proven since ${since}`
        : `proven since ${since}; DNS does not answer now (${reason}), good until ${until ?? ''}`;
    case 'not-found':
      return reason === null ? 'not found: there is no such record' : `not found: another value stands there (${reason})`;
    case 'no-answer':
      return `DNS did not answer (${reason ?? ''})`;
  }
}

const forPeople = (report: DomainReport): string[] => [
  `${report.domain} leads to the connection ${report.connection}`,
  `  record  ${report.record.name}  TXT  "${report.record.value}"`,
  `  state   ${stateInWords(report)}`,
];

export interface DomainsReport {
  readonly lines: readonly string[];
  readonly areAllProven: boolean;
}

/** Each claimed domain, the record to publish and its state. Where the store could not be asked, DNS alone is told of. */
export function reportDomains(
  checked: readonly CheckedDomain[],
  { isStored, asJson }: { isStored: boolean; asJson: boolean },
): DomainsReport {
  const domains = checked.map((each) => reportOf(each, isStored));
  const areAllProven = domains.every(({ state }) => state === 'proven');
  if (asJson) return { lines: [JSON.stringify({ domains })], areAllProven };
  if (domains.length === 0) return { lines: ['No connection names an e-mail domain.'], areAllProven };
  return { lines: domains.flatMap(forPeople), areAllProven };
}
