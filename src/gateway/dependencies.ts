import type { Dispatcher } from 'undici';
import type { Directory } from '../domain/directory.ts';
import type { Mac } from '../domain/sealed-client.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { Clock } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { LiveAuthority } from '../ports/live-authority.ts';
import type { Log } from '../ports/log.ts';
import type { Signer } from '../ports/signer.ts';
import type { Stopping } from './stopping.ts';

export type { IncomingMessage, ServerResponse } from 'node:http';

/** The bounds on what one request may cost. */
export interface GatewayLimits {
  readonly requestBytes: number;
  /** One JSON answer, or one event of a stream. */
  readonly answerBytes: number;
  /** Milliseconds the upstream may take to begin its answer, or stay silent within one that is no event stream. */
  readonly upstreamTimeout: number;
  /** Milliseconds the authority may take to say whether a grant stands. */
  readonly authorityTimeout: number;
  /** Verified tokens remembered. */
  readonly tokens: number;
  /** Requests and streams one grant may have open at a time. */
  readonly openPerGrant: number;
  /** Milliseconds between two questions whether what is open may go on. */
  readonly recheck: number;
}

export const defaultLimits: GatewayLimits = {
  requestBytes: 4 << 20,
  answerBytes: 16 << 20,
  upstreamTimeout: 300_000,
  authorityTimeout: 5000,
  tokens: 10_000,
  openPerGrant: 100,
  recheck: 1000,
};

export interface GatewayDependencies {
  readonly issuer: string;
  /** Every resource at its address, and the roles there are, so that a refusal can name those that would do; both as they are at the moment. */
  readonly directory: Pick<Directory, 'addresses' | 'roles'>;
  readonly signer: Signer;
  readonly authority: LiveAuthority;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly mac: Mac;
  readonly log: Log;
  /** Browser origins allowed to call beside the issuer's own. MCP transports, "Security & Endpoint". */
  readonly origins?: readonly string[];
  /** Values of the Host header accepted beside the resource's own, for a proxy that rewrites it. */
  readonly hosts?: readonly string[];
  readonly limits?: Partial<GatewayLimits>;
  readonly dispatcher?: Dispatcher;
  /** How what is open is ended when the process stops; without it, it is just cut. */
  readonly stopping?: Stopping;
}
