import { z } from 'zod';
import { Assurance } from './assurance.ts';
import { ConnectionId, TransactionId } from './ids.ts';
import { ReceivedClaims } from './received-claims.ts';

/** How long a printed link works, and then how long its page is kept (ms). */
export const connectionTestLifetime = 10 * 60_000;

/** What a printed link carries, sealed: the name under which it is used up, for which connection, and until when. */
export const TestTicket = z.object({ id: TransactionId, connectionId: ConnectionId, expiresAt: z.number() });
export type TestTicket = z.infer<typeof TestTicket>;

/** What came of a test; it is about a person, so it is kept sealed. */
export const TestOutcome = z.discriminatedUnion('came', [
  z.object({
    came: z.literal('somebody'),
    issuer: z.string(),
    subject: z.string(),
    name: z.string().nullable(),
    email: z.string().nullable(),
    groups: z.array(z.string()).nullable(),
    /** What rules look at, as `Arrival` has it. Absent in rows of before. */
    claims: z.record(z.string(), z.array(z.string())).default({}),
    assurance: Assurance,
    /** Absent in rows of before. */
    received: z.array(ReceivedClaims).default([]),
  }),
  z.object({ came: z.literal('refusal'), refusal: z.enum(['cancelled', 'unreachable', 'untrustworthy', 'misconfigured', 'foreign']) }),
  /** The connector wants to ask the person itself, which a test cannot do. */
  z.object({ came: z.literal('question') }),
  z.object({ came: z.literal('other-browser') }),
]);
export type TestOutcome = z.infer<typeof TestOutcome>;

/** One sign-in that is tried and makes nothing: no user, no membership, no grant. Its id is that of the link, so each link is used up once. */
export const ConnectionTest = z.object({
  id: TransactionId,
  /** Counts changes: a writer names the version it read, so of two at once one wins. */
  version: z.number(),
  /** SHA-256 of the browser's cookie. */
  browser: z.string(),
  connectionId: ConnectionId,
  stage: z.discriminatedUnion('at', [
    /** Somebody is at it; whoever reached this stage goes on alone. */
    z.object({ at: z.literal('judging') }),
    /** The sealed `UpstreamAttempt`, and the SHA-256 of the `state` sent upstream. */
    z.object({ at: z.literal('upstream'), attempt: z.string(), stateDigest: z.string() }),
    /** The sealed `TestOutcome`. */
    z.object({ at: z.literal('over'), outcome: z.string() }),
  ]),
  createdAt: z.number(),
  expiresAt: z.number(),
});
export type ConnectionTest = z.infer<typeof ConnectionTest>;

/** Moves to another stage; the store writes it only over the version it was made from. */
export const advanceTest = (test: ConnectionTest, stage: ConnectionTest['stage']): ConnectionTest => ({
  ...test,
  version: test.version + 1,
  stage,
});

const prefix = 'test-';

/** A `state` that no transaction could have sent. */
export const testState = (id: TransactionId, secret: string): string => `${prefix}${id}.${secret}`;

/** The test named by a `state` that we sent upstream. */
export function testOfState(state: string | null): TransactionId | null {
  if (state?.startsWith(prefix) !== true) return null;
  return TransactionId.safeParse(state.slice(prefix.length).split('.')[0]).data ?? null;
}
