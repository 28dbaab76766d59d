import type { Context, Middleware } from 'koa';
import { PageRefusal, RedirectRefusal } from '../domain/oauth-error.ts';
import type { PageRefusalKind } from '../domain/oauth-error.ts';
import { respondTo } from '../domain/redirect-uri.ts';
import type { Html } from '../pages/html.ts';
import { stopped } from '../pages/stopped.ts';
import type { StoppedButton } from '../pages/stopped.ts';
import type { Stop } from '../pages/stopped-texts.ts';
import { stoppedText } from '../pages/stopped-texts.ts';
import { vettedHref } from '../pages/vetted-href.ts';
import { BodyRefused } from './body.ts';
import type { HttpDependencies } from './context.ts';
import { sendOn } from './context.ts';
import { Overdue } from './patience.ts';
import { TooManyRequests } from './rate-limit.ts';
import { logOf } from './request-log.ts';

const statusOf: Readonly<Record<PageRefusalKind, number>> = {
  'malformed-request': 400,
  'unknown-app': 400,
  'unregistered-address': 400,
  'app-withdrawn': 403,
  expired: 410,
  'other-browser': 403,
  'sign-in-cancelled': 403,
  'sign-in-untrustworthy': 502,
  'foreign-account': 403,
  'no-access': 403,
  'groups-unknown': 403,
  'second-factor-unproven': 403,
  'phishing-resistance-unproven': 403,
  'sign-in-too-old': 403,
  'not-answering': 503,
  'stopped-by-person': 200,
  'too-many-tries': 429,
  'test-over': 410,
  'invitation-over': 410,
  'signed-out': 403,
  'not-found': 404,
  unavailable: 503,
  fault: 500,
};

function stopOf({ kind, names }: Pick<PageRefusal, 'kind' | 'names'>): Stop {
  const app = names.app ?? 'The app';
  const connection = names.connection ?? 'The sign-in';
  const workspace = names.workspace ?? 'This workspace';
  switch (kind) {
    case 'unregistered-address':
      return { kind: 'address-never-registered', app };
    case 'app-withdrawn':
      return { kind, app };
    case 'expired':
      return { kind, app: names.app ?? null, minutes: 10 };
    case 'sign-in-cancelled':
      return { kind: 'cancelled', connection };
    case 'sign-in-untrustworthy':
      return { kind: 'sign-in-untrustworthy', connection };
    case 'foreign-account':
    case 'groups-unknown':
    case 'not-answering':
      return { kind, connection };
    case 'no-access':
      return {
        kind,
        server: names.server ?? 'this server',
        ...(names.workspace === undefined ? {} : { workspace: names.workspace }),
        account: names.account ?? null,
      };
    case 'second-factor-unproven':
      return { kind: 'second-step-missing', connection, workspace };
    case 'phishing-resistance-unproven':
      return { kind: 'stronger-step-missing', connection, workspace };
    case 'sign-in-too-old':
      return { kind, connection, workspace };
    case 'stopped-by-person':
      return { kind: 'person-stopped', app: names.app ?? null };
    case 'too-many-tries':
      return { kind, minutes: names.minutes ?? 1 };
    case 'not-found':
      return { kind: 'no-such-page' };
    case 'unavailable':
    case 'fault':
      return { kind: 'our-fault' };
    default:
      return { kind };
  }
}

/** `DB-7F3K-92QM`: short enough to read out, and in the log beside the reason. */
export function newReference(bytes: Uint8Array): string {
  const alphabet = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
  const letters = [...bytes.subarray(0, 8)].map((byte) => alphabet[byte % alphabet.length] ?? '2').join('');
  return `DB-${letters.slice(0, 4)}-${letters.slice(4)}`;
}

export interface StoppedExtras {
  readonly button?: StoppedButton;
  readonly otherButton?: StoppedButton;
  readonly quietButton?: StoppedButton;
}

export function showPage(ctx: Context, status: number, page: Html): void {
  ctx.status = status;
  ctx.type = 'text/html; charset=utf-8';
  ctx.body = page.toString();
}

/** Shows why a request stopped, and leaves its reason in the log under the reference on the page. */
export function showStopped(ctx: Context, dependencies: HttpDependencies, refusal: PageRefusal, extras: StoppedExtras = {}): void {
  const { organisation, entropy, clock } = dependencies;
  const reference = newReference(entropy.bytes(8));
  const status = statusOf[refusal.kind];
  logOf(ctx, dependencies.log)[status >= 500 ? 'error' : 'warn']('page.refused', {
    reference,
    route: ctx.path.replace(/\/[A-Za-z0-9_-]{22}(\.[A-Za-z0-9_-]+)?/, '/:transaction'),
    status,
    reason: `${refusal.kind}: ${refusal.reason}`,
  });
  const now = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' }).format(clock.now());
  const view = {
    ...stoppedText(stopOf(refusal), organisation.helpName),
    organisation,
    button: extras.button ?? null,
    otherButton: extras.otherButton ?? null,
    ...(extras.quietButton === undefined ? {} : { quietButton: extras.quietButton }),
    reference,
    time: `${now} UTC`,
    detail: [{ term: 'Kind', text: refusal.kind }],
  };
  showPage(ctx, status, stopped(view));
}

function asPageRefusal(error: unknown): PageRefusal {
  if (error instanceof PageRefusal) return error;
  if (error instanceof BodyRefused) return new PageRefusal('malformed-request', error.reason);
  if (error instanceof TooManyRequests) return new PageRefusal('too-many-tries', 'rate limit');
  if (error instanceof Overdue) return new PageRefusal('unavailable', error.message);
  if (error instanceof Error && error.name === 'StoreUnavailable') return new PageRefusal('unavailable', 'the store is not answering');
  return new PageRefusal('fault', 'unexpected error');
}

/** Tells the client at its proven address; one that nobody vouches for is reached by a button only. RFC 9700 §4.11.2. */
function redirectRefusal(ctx: Context, dependencies: HttpDependencies, refusal: RedirectRefusal): void {
  const { error, state, returnAddress, reason, unseen } = refusal;
  const answer = respondTo(returnAddress, { error, state, iss: dependencies.directory.issuer });
  logOf(ctx, dependencies.log).info('authorization.refused', { reason: `${error}: ${reason}` });
  if (unseen) return sendOn(ctx, answer);
  const button = { text: 'Back to the app', href: vettedHref(answer) };
  return showStopped(ctx, dependencies, new PageRefusal('malformed-request', `${error}: ${reason}`), { button });
}

/** For routes that people see; `ways` are buttons on from what may be refused there. */
export const pageRefusals = (
  dependencies: HttpDependencies,
  ways: Readonly<Partial<Record<PageRefusalKind, StoppedExtras>>> = {},
): Middleware => {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      if (error instanceof RedirectRefusal) return redirectRefusal(ctx, dependencies, error);
      const refusal = asPageRefusal(error);
      if (refusal.kind === 'fault' || refusal.kind === 'unavailable') logOf(ctx, dependencies.log).error(refusal.kind, { error });
      if (error instanceof TooManyRequests) ctx.set('Retry-After', String(error.retryAfter));
      if (refusal.kind === 'unavailable') ctx.set('Retry-After', '5');
      return showStopped(ctx, dependencies, refusal, ways[refusal.kind]);
    }
    return undefined;
  };
};
