import { Resolver } from 'node:dns/promises';
import type { TextAnswer } from '../domain/proven-domain.ts';
import type { DomainProof } from '../ports/domain-proof.ts';

export interface DnsOptions {
  /** Addresses of resolvers, with a port if it is not 53; none means those of the machine. */
  readonly servers: readonly string[];
  /** Milliseconds one try may take, and a whole question. */
  readonly tryMs?: number;
  readonly deadlineMs?: number;
}

/** Names with more records than this are not read to the end. */
const mostTexts = 100;

/** That there is no such name, or no such record at it: answers, and not failures. RFC 2308 §2. */
const nothingThere = new Set(['ENOTFOUND', 'ENODATA']);

/** Asks the resolvers of the machine, or those it is told. */
export function openDnsDomainProof({ servers, tryMs = 1_200, deadlineMs = 5_000 }: DnsOptions): DomainProof {
  return {
    textsAt: async (name): Promise<TextAnswer> => {
      // One for each question: giving up on one must not end the others.
      const resolver = new Resolver({ timeout: tryMs, tries: 2 });
      if (servers.length > 0) resolver.setServers(servers);
      const deadline = setTimeout(() => resolver.cancel(), deadlineMs);
      try {
        const records = await resolver.resolveTxt(name);
        return { answer: 'texts', texts: records.slice(0, mostTexts).map((strings) => strings.join('')) };
      } catch (error) {
        const { code = 'unknown' } = error as NodeJS.ErrnoException;
        if (nothingThere.has(code)) return { answer: 'none' };
        return { answer: 'silence', reason: code === 'ECANCELLED' ? 'ETIMEOUT' : code };
      } finally {
        clearTimeout(deadline);
      }
    },
  };
}
