import type { TextAnswer } from '../domain/proven-domain.ts';

/** Asks DNS for what proves a domain. Never throws, answers within a deadline, and keeps apart that there is no record and that nobody answered. */
export interface DomainProof {
  /** The TXT records at exactly this name, each as one text. RFC 1035 §3.3.14. */
  textsAt(name: string): Promise<TextAnswer>;
}
