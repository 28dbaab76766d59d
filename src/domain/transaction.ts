import { z } from 'zod';
import { AssuranceDemand, noDemand, strictest } from './assurance-demand.ts';
import { ConnectionId, GrantId, TenantId, TransactionId } from './ids.ts';
import { Handover, Linking } from './linking.ts';
import { Person } from './person.ts';
import { ReturnAddress } from './redirect-uri.ts';
import type { UpstreamAttempt } from './upstream-attempt.ts';

/** Ten minutes for a person to sign in and decide. */
export const transactionLifetime = 10 * 60_000;

/** Everything `/authorize` was asked, validated once; later steps read this and never the browser. RFC 6749 §4.1.1. */
export const FrozenRequest = z.object({
  client_id: z.string(),
  client_name: z.string(),
  verifiedHost: z.string().nullable(),
  /** True when the organisation itself made the client known. */
  configured: z.boolean().default(false),
  returnAddress: ReturnAddress,
  state: z.string().nullable(),
  resourceId: z.string(),
  /** The tenant whose address was asked for: nobody enters another one by this request. */
  tenantId: TenantId.nullable().default(null),
  scope: z.array(z.string()),
  /** The scope parameter as it came, for the grant. */
  asked: z.array(z.string()),
  offlineAccess: z.boolean(),
  code_challenge: z.string(),
  login_hint: z.string().nullable(),
  /** `login` when the client asked for fresh authentication. OpenID Connect Core §3.1.2.1. */
  prompt: z.enum(['login', 'select_account']).nullable(),
  /** What the client wants proven: its `acr_values` and `max_age`. RFC 9470 §4. */
  demand: AssuranceDemand.default(noDemand),
  /** The invitation whose link the person followed, which is into one tenant. */
  invitation: z.object({ id: z.string(), key: z.string(), tenantId: TenantId }).optional(),
});
export type FrozenRequest = z.infer<typeof FrozenRequest>;

const Consenting = z.object({
  at: z.literal('consenting'),
  person: Person,
  /** The tenant the person chose, if they chose. */
  tenantId: TenantId.nullable(),
  notice: z.enum(['step-up-cancelled', 'unreachable', 'changed-meanwhile', 'nothing-chosen', 'link-cancelled', 'joined']).nullable(),
  /** Somebody is getting a second factor of ours: which, and the sealed `Enrolment`. */
  enrolment: z.object({ id: z.string(), sealed: z.string() }).optional(),
  /** The sealed challenge a passkey is asked for with; gone once an answer is judged. */
  challenge: z.string().optional(),
  /** Enrolled, and the recovery codes are on the page until the person has them. */
  isSaving: z.boolean().optional(),
  /** The person went on without our second factor: it is not asked for again by itself. */
  isDeclined: z.boolean().optional(),
  /** The person is joining this account with another of theirs. */
  linking: Linking.optional(),
});

/** The one tenant a request goes into, by its address or by an invitation; null where the person chooses. */
export const destinationOf = ({ tenantId, invitation }: Pick<FrozenRequest, 'tenantId' | 'invitation'>): TenantId | null =>
  tenantId ?? invitation?.tenantId ?? null;

/** Where a transaction stands; each stage carries only what exists at that stage. */
export const Stage = z.discriminatedUnion('at', [
  z.object({ at: z.literal('choosing'), notice: z.enum(['unreachable', 'sign-in-cancelled']).nullable() }),
  z.object({
    at: z.literal('upstream'),
    connectionId: ConnectionId,
    /** The sealed `UpstreamAttempt`. */
    attempt: z.string(),
    /** SHA-256 of the `state` sent upstream. */
    stateDigest: z.string(),
    /** Who had signed in already, when this trip only asks for more proof. */
    previous: Consenting.nullable(),
  }),
  /** The person is asked on a page of ours, on the upstream's behalf. */
  z.object({
    at: z.literal('asking'),
    connectionId: ConnectionId,
    /** The sealed `UpstreamAttempt`. */
    attempt: z.string(),
    /** The sealed `Asked`. */
    asked: z.string(),
    previous: Consenting.nullable(),
  }),
  /** The upstream's answer is being judged; whoever reached this stage owns the answer. */
  z.object({ at: z.literal('judging'), connectionId: ConnectionId, previous: Consenting.nullable() }),
  Consenting,
  /** Two accounts are being joined; `person` is who goes on. */
  z.object({ at: z.literal('joining'), person: Person, handover: Handover, otherConnectionId: ConnectionId }),
  z.object({
    at: z.literal('approved'),
    person: Person,
    tenantId: TenantId,
    scope: z.array(z.string()),
    grantId: GrantId,
    answeredAt: z.number(),
  }),
  z.object({ at: z.literal('denied'), person: Person }),
  z.object({ at: z.literal('stopped') }),
]);
export type Stage = z.infer<typeof Stage>;
export type StageAt<At extends Stage['at']> = Extract<Stage, { at: At }>;

/** One authorization request in progress, bound to the browser that began it. */
export const Transaction = z.object({
  id: TransactionId,
  /** Counts changes: a writer names the version it read, so of two at once one wins. */
  version: z.number(),
  /** SHA-256 of the browser's cookie. */
  browser: z.string(),
  request: FrozenRequest,
  stage: Stage,
  /** Wrong answers on pages of ours, whatever was asked in between. */
  tries: z.number().optional(),
  createdAt: z.number(),
  expiresAt: z.number(),
});
export type Transaction = z.infer<typeof Transaction>;

/** Moves to another stage; the store writes it only over the version it was made from. */
export function advance(transaction: Transaction, stage: Stage): Transaction {
  return { ...transaction, version: transaction.version + 1, stage };
}

/** The transaction named by a `state` that we sent upstream: it stands before the dot, the secret after it. */
export function transactionOfState(state: string | null): TransactionId | null {
  return TransactionId.safeParse(state?.split('.')[0]).data ?? null;
}

/** Nothing is joined, and the person goes on as who they are. */
export function unlinked({ linking: _linking, ...stage }: StageAt<'consenting'>, notice: StageAt<'consenting'>['notice']) {
  return { ...stage, notice };
}

/** Back to the sign-in page, or to the consent page when somebody had already signed in. */
export function afterFailedTrip(
  previous: StageAt<'consenting'> | null,
  because: 'unreachable' | 'cancelled',
  trip: Pick<UpstreamAttempt, 'demand' | 'optional' | 'afresh'>,
): Stage {
  if (previous === null) return { at: 'choosing', notice: because === 'unreachable' ? 'unreachable' : 'sign-in-cancelled' };
  if (previous.linking !== undefined) return unlinked(previous, because === 'unreachable' ? 'unreachable' : 'link-cancelled');
  const notice = because === 'unreachable' ? 'unreachable' : 'step-up-cancelled';
  // Without a proof that was optional the person stays where they were, and is not sent for it again.
  const asked = strictest(previous.person.asked, trip.demand);
  const afresh = trip.afresh ? { afresh: previous.person.afresh ?? ('failed' as const) } : {};
  if (trip.optional) return { ...previous, person: { ...previous.person, asked, ...afresh }, notice };
  return { ...previous, tenantId: null, notice };
}
