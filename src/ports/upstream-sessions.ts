import type { UserId } from '../domain/ids.ts';
import type { Secret } from '../domain/secret.ts';
import type { UpstreamSession } from '../domain/upstream-session.ts';

/** The upstream's refresh token; null for none. It is sealed at rest. */
type Token = Secret<'upstream_token'> | null;

export type SessionFacts = Omit<UpstreamSession, 'sealed'>;

export interface UpstreamSessions {
  get(id: string): Promise<UpstreamSession | null>;
  /** A sign-in, or the upstream's own word: whatever was known before is replaced. */
  put(session: SessionFacts, token: Token): Promise<void>;
  /** The session is another user's from now on, as its identity is. */
  handOver(id: string, from: UserId, to: UserId): Promise<void>;
  /** What the upstream can be asked with; null also when it was sealed under another key. */
  tokenOf(session: UpstreamSession): Token;
  /** Takes the right to ask the upstream: of any number of concurrent callers who saw the same session exactly one gets it. */
  lease(session: UpstreamSession, until: number): Promise<boolean>;
  /** Writes what asking came to; false when the session was replaced meanwhile, which is the newer truth. */
  settle(leased: Pick<UpstreamSession, 'id' | 'askedUntil'>, change: Partial<SessionFacts> & { readonly token?: Token }): Promise<boolean>;
  /** When a signal of the upstream came first (ms), however often it is delivered. Of any number of concurrent callers all get the same. */
  firstHeard(signal: string, now: number): Promise<number>;
}
