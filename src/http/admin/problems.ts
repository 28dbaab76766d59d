import { z } from 'zod';
import { AdministrationRefused, administrationScopes } from '../../domain/administration.ts';
import type { AdministrationFault } from '../../domain/administration.ts';
import { challengeParameters } from '../../domain/acr.ts';
import { AssuranceRefused } from '../../domain/assurance-refused.ts';
import { BearerRefused, writeChallenge } from '../../domain/bearer.ts';
import type { Challenge } from '../../domain/bearer.ts';
import { metadataUrl } from '../../domain/protected-resource.ts';
import type { Resource } from '../../domain/resource.ts';
import { BodyRefused } from '../body.ts';
import type { Exchange, Fields } from '../exchange.ts';
import { Overdue } from '../patience.ts';

/** What is wrong, for programs and people. RFC 9457 §3. */
export const Problem = z.object({
  title: z.string().describe('The kind of problem, the same for every problem of its kind.'),
  status: z.int().describe('The status of the answer.'),
  detail: z.string().describe('A sentence for whoever reads it.'),
  request_id: z.string().describe('What our log calls this request.'),
  errors: z
    .array(z.object({ at: z.string().describe('Where in the request.'), problem: z.string().describe('What is wrong there.') }))
    .optional()
    .describe('What is wrong with which part of the request.'),
});
export type Problem = z.infer<typeof Problem>;

type Errors = NonNullable<Problem['errors']>;

export class ProblemRefused extends Error {
  override readonly name = 'ProblemRefused';
  readonly status: number;
  readonly fields: Fields;
  readonly errors: Errors | null;

  constructor(status: number, detail: string, fields: Fields = [], errors: Errors | null = null) {
    super(detail);
    this.status = status;
    this.fields = fields;
    this.errors = errors;
  }
}

/** Another consent would help. RFC 6750 §3.1. */
export class ScopeMissing extends Error {
  override readonly name = 'ScopeMissing';
  readonly scope: string;

  constructor(scope: string) {
    super(`lacks scope ${scope}`);
    this.scope = scope;
  }
}

export function malformed(error: z.ZodError): ProblemRefused {
  const errors = error.issues.slice(0, 20).map(({ path, message }) => ({ at: path.map(String).join('.'), problem: message }));
  return new ProblemRefused(400, 'The request has parts that are not as they must be; each is named.', [], errors);
}

export const notFound = (): ProblemRefused => new ProblemRefused(404, 'There is no such thing here.');
export const forbidden = (): ProblemRefused => new ProblemRefused(403, 'Your roles do not allow this.');

const titles: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Sign in first',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  412: 'Changed meanwhile',
  413: 'Too large',
  415: 'Not JSON',
  421: 'Wrong address',
  428: 'Version required',
  500: 'Our fault',
  503: 'Not now',
};

const faults: Readonly<Record<AdministrationFault, readonly [status: number, detail: string]>> = {
  'not-found': [404, 'There is no such thing here.'],
  'beyond-reach': [403, 'This allows more than your own roles do, and nobody gives or takes what they do not have.'],
  'last-administrator': [409, 'This would leave the tenant without an administrator.'],
  'elsewhere-too': [409, 'This person belongs to other tenants too, so only somebody who looks after all of them can do this.'],
  'not-assigned': [409, 'This role was not assigned by hand: it comes from the rules and goes with them.'],
  'over-already': [400, 'The end must be in the future.'],
  'other-connection': [409, 'This person never came through that connection, and a role counts only for who does.'],
  'for-platform': [403, 'Only somebody who looks after all tenants can do this.'],
  'file-only': [409, 'Rules come from the reviewed file here: change it there.'],
  'not-agreed': [409, 'The number of people who lose something is not the one that was agreed to.'],
  'not-administrative': [409, 'This role administers nothing: people get it by the rules, and nobody is invited to it.'],
  'too-long': [400, 'An invitation works for fourteen days at most.'],
  'too-many': [409, 'There are as many open invitations as there may be: take one back first.'],
  'taken-already': [409, 'Somebody has taken this invitation: take the role away from them instead.'],
  stale: [412, 'It was changed meanwhile: read it again.'],
};

const unavailable = new ProblemRefused(503, 'A part of this system is not answering. Try again shortly.', ['Retry-After', '5']);

function challenge(resource: Resource, given: Omit<Challenge, 'resource_metadata'>): Fields {
  return ['WWW-Authenticate', writeChallenge({ ...given, resource_metadata: metadataUrl(resource.identifier) })];
}

const bearerWords = {
  none: 'Sign in first: this needs an access token.',
  invalid_token: 'The access token is not valid here, or no longer: sign in again.',
  invalid_request: 'The access token must come once, in the Authorization header.',
} as const;

function bearerProblem(resource: Resource, { error }: BearerRefused): ProblemRefused {
  const words = bearerWords[error ?? 'none'];
  const fields = challenge(resource, { error, scope: [administrationScopes.read], error_description: error === null ? null : words });
  return new ProblemRefused(error === 'invalid_request' ? 400 : 401, words, fields);
}

/** Turns whatever was thrown into the problem it is; what nobody foresaw is ours. */
export function problemOf(exchange: Exchange, resource: Resource, route: string, error: unknown): ProblemRefused {
  const { log } = exchange;
  if (error instanceof BearerRefused) {
    log.info('admin.challenged', { route, reason: error.reason });
    return bearerProblem(resource, error);
  }
  if (error instanceof AssuranceRefused) {
    log.info('admin.challenged', { route, reason: 'the sign-in behind the token does not prove enough' });
    const words = 'Sign in again, as it says here.';
    const { demand, scope } = error;
    const given = { error: 'insufficient_user_authentication', scope, ...challengeParameters(demand), error_description: words } as const;
    return new ProblemRefused(401, 'This needs another sign-in, which has to prove more or be more recent.', challenge(resource, given));
  }
  if (error instanceof ScopeMissing) {
    log.info('admin.challenged', { route, reason: error.message });
    const given = { error: 'insufficient_scope', scope: [error.scope], error_description: 'This needs another consent.' } as const;
    return new ProblemRefused(403, `The access token lacks the scope ${error.scope}.`, challenge(resource, given));
  }
  const refused = refusedProblem(error);
  if (refused !== null) {
    log.info('admin.refused', { route, status: refused.status, reason: refused.message });
    return refused;
  }
  if (error instanceof Overdue) {
    log.error('request.overdue', { route, error, reason: error.message });
    return unavailable;
  }
  if (error instanceof Error && error.name === 'StoreUnavailable') {
    log.error('store.unavailable', { route, error });
    return unavailable;
  }
  log.error('fault', { route, error });
  return new ProblemRefused(500, 'Something went wrong on our side.');
}

function refusedProblem(error: unknown): ProblemRefused | null {
  if (error instanceof ProblemRefused) return error;
  if (error instanceof BodyRefused) return new ProblemRefused(error.status, `The request cannot be read: ${error.reason}.`);
  return error instanceof AdministrationRefused ? new ProblemRefused(...faults[error.fault]) : null;
}

export const problemBody = ({ status, message, errors }: ProblemRefused, request_id: string): Problem => ({
  title: titles[status] ?? 'Refused',
  status,
  detail: message,
  request_id,
  ...(errors === null ? {} : { errors }),
});
