import { demandOf } from '../domain/acr.ts';
import { spokenName } from '../domain/client.ts';
import type { Client } from '../domain/client.ts';
import type { Directory } from '../domain/directory.ts';
import { findResource } from '../domain/directory.ts';
import { TransactionId } from '../domain/ids.ts';
import { PageRefusal, RedirectRefusal } from '../domain/oauth-error.ts';
import type { AuthorizationErrorCode } from '../domain/oauth-error.ts';
import { isCodeChallenge } from '../domain/pkce.ts';
import type { ReturnAddress } from '../domain/redirect-uri.ts';
import { isAdmittedBy, matchRedirectUri } from '../domain/redirect-uri.ts';
import { matchResource } from '../domain/resource.ts';
import { offlineAccess, parseScope, requestedScope } from '../domain/scope.ts';
import type { FrozenRequest, Transaction } from '../domain/transaction.ts';
import { transactionLifetime } from '../domain/transaction.ts';
import type { Clock } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { Transactions } from '../ports/transactions.ts';
import type { ResolveDependencies } from './steps/resolve-client.ts';
import { resolveClient } from './steps/resolve-client.ts';

/** The query as it came: each parameter once, and the names of those that came more than once. */
export interface AuthorizationParameters {
  readonly values: Readonly<Record<string, string | undefined>>;
  readonly repeated: ReadonlySet<string>;
}

interface Proven {
  readonly client: Client;
  readonly returnAddress: ReturnAddress;
  readonly state: string | null;
}

const longestState = 4096;
/** Beyond this nobody lists preferences (characters). */
const longestAcrValues = 2000;

/** Until the client and its address are proven, every refusal is a page. RFC 6749 §4.1.2.1. */
async function prove(dependencies: ResolveDependencies, { values, repeated }: AuthorizationParameters): Promise<Proven> {
  for (const name of ['client_id', 'redirect_uri', 'state']) {
    if (repeated.has(name)) throw new PageRefusal('malformed-request', `${name} came more than once`);
  }
  const { client_id, redirect_uri, state } = values;
  if (client_id === undefined) throw new PageRefusal('malformed-request', 'no client_id');
  if (state !== undefined && state.length > longestState) throw new PageRefusal('malformed-request', 'state is too long');
  const answer = await resolveClient(dependencies)(client_id);
  if (answer.answer === 'withdrawn') throw new PageRefusal('app-withdrawn', 'client was withdrawn');
  if (answer.answer === 'unknown') throw new PageRefusal('unknown-app', answer.reason);
  const returnAddress = matchRedirectUri(answer.client.metadata.redirect_uris, redirect_uri ?? null);
  const app = spokenName(answer.client);
  if (returnAddress === null) {
    throw new PageRefusal('unregistered-address', 'redirect_uri is not one of the client', app === null ? {} : { app });
  }
  return { client: answer.client, returnAddress, state: state ?? null };
}

type Refuse = (error: AuthorizationErrorCode, reason: string) => never;

function checkForm({ values, repeated }: AuthorizationParameters, refuse: Refuse): void {
  if (repeated.has('resource')) refuse('invalid_target', 'resource came more than once');
  // RFC 6749 §3.1: parameters must not be included more than once.
  for (const name of repeated) if (name !== 'resource') refuse('invalid_request', `${name} came more than once`);
  if (values['request'] !== undefined) refuse('request_not_supported', 'request object');
  if (values['request_uri'] !== undefined) refuse('request_uri_not_supported', 'request_uri');
  if (values['response_type'] === undefined) refuse('invalid_request', 'no response_type');
  if (values['response_type'] !== 'code') refuse('unsupported_response_type', 'response_type is not code');
  if ((values['response_mode'] ?? 'query') !== 'query') refuse('invalid_request', 'response_mode is not query');
}

function readChallenge(values: AuthorizationParameters['values'], refuse: Refuse): string {
  const { code_challenge, code_challenge_method } = values;
  // RFC 7636 §4.3: a missing method would mean plain.
  if (code_challenge === undefined || !isCodeChallenge(code_challenge)) return refuse('invalid_request', 'no usable code_challenge');
  if (code_challenge_method !== 'S256') return refuse('invalid_request', 'code_challenge_method is not S256');
  return code_challenge;
}

/** How old a sign-in the client takes, in seconds. OpenID Connect Core §3.1.2.1. */
function readMaxAge({ max_age }: AuthorizationParameters['values'], refuse: Refuse): number | null {
  if (max_age === undefined) return null;
  return /^\d{1,9}$/.test(max_age) ? Number(max_age) : refuse('invalid_request', 'max_age is not a number of seconds');
}

/** What the client wants proven. `max_age=0` is a fresh login, which is asked for by `prompt` and has no age. RFC 9470 §4. */
function readDemand(values: AuthorizationParameters['values'], refuse: Refuse): FrozenRequest['demand'] {
  const max_age = readMaxAge(values, refuse);
  return demandOf((values['acr_values'] ?? '').slice(0, longestAcrValues), max_age === 0 ? null : max_age);
}

/** OpenID Connect Core §3.1.2.1. We keep no session of our own, so nobody can be answered without being seen. */
function readPrompt(values: AuthorizationParameters['values'], refuse: Refuse): FrozenRequest['prompt'] {
  const prompts = (values['prompt'] ?? '').split(' ').filter((value) => value !== '');
  if (prompts.includes('none')) {
    refuse(prompts.length === 1 ? 'login_required' : 'invalid_request', 'prompt=none');
  }
  if (prompts.includes('login') || readMaxAge(values, refuse) === 0) return 'login';
  return prompts.includes('select_account') ? 'select_account' : null;
}

/** An address on the person's own machine, or one somebody other than the client vouches for; any other could use us to look trustworthy. */
function isVouchedFor({ resources }: Directory, { client, returnAddress: { kind, host, uri } }: Proven): boolean {
  if (kind === 'loopback' || client.origin === 'configured') return true;
  return (
    kind === 'web' &&
    (client.verifiedHost === host || resources.some(({ redirects }) => isAdmittedBy({ ...redirects, policy: 'allow-list' }, uri)))
  );
}

function freeze(directory: Directory, proven: Proven, parameters: AuthorizationParameters): FrozenRequest {
  const { client, returnAddress, state } = proven;
  const refuse: Refuse = (error, reason) => {
    throw new RedirectRefusal(error, reason, { returnAddress, state, unseen: isVouchedFor(directory, proven) });
  };
  checkForm(parameters, refuse);
  const { values } = parameters;
  const code_challenge = readChallenge(values, refuse);
  const asked = parseScope(values['scope'] ?? '') ?? refuse('invalid_scope', 'scope holds illegal characters');
  const own = directory.resources.find(({ id }) => id === client.onlyFor)?.identifier;
  const addresses = [...directory.addresses.values()];
  const resource = matchResource(addresses, values['resource'] ?? own ?? null) ?? refuse('invalid_target', 'unknown resource');
  if (client.onlyFor !== undefined && client.onlyFor !== resource.id) refuse('invalid_target', 'the client is not for this resource');
  return {
    client_id: client.client_id,
    client_name: client.metadata.client_name ?? returnAddress.host,
    verifiedHost: client.verifiedHost,
    configured: client.origin === 'configured',
    returnAddress,
    state,
    resourceId: resource.id,
    tenantId: resource.onlyTenant ?? null,
    scope: requestedScope(resource, asked),
    asked,
    offlineAccess: asked.includes(offlineAccess),
    code_challenge,
    login_hint: (values['login_hint'] ?? '').slice(0, 200) || null,
    prompt: readPrompt(values, refuse),
    demand: readDemand(values, refuse),
  };
}

export interface BeginDependencies extends ResolveDependencies {
  readonly transactions: Transactions;
  readonly clock: Clock;
  readonly entropy: Entropy;
}

/** That the person follows an invitation. */
export type Invited = Required<Pick<FrozenRequest, 'invitation'>>;

/** Validates an authorization request once and freezes it into a transaction of this browser. RFC 6749 §4.1.1. */
export const beginAuthorization =
  (dependencies: BeginDependencies) =>
  async (parameters: AuthorizationParameters, browser: string, invited?: Invited): Promise<TransactionId> => {
    const { directory, transactions, clock, entropy } = dependencies;
    const proven = await prove(dependencies, parameters);
    const request = { ...freeze(directory, proven, parameters), ...invited };
    const resource = findResource(directory, request);
    const { uri } = request.returnAddress;
    if (proven.client.origin !== 'configured' && (resource === null || !isAdmittedBy(resource.redirects, uri))) {
      throw new PageRefusal('unregistered-address', 'the resource does not send answers to this address', {
        app: spokenName(proven.client) ?? request.client_name,
      });
    }
    const now = clock.now();
    const transaction: Transaction = {
      id: TransactionId.parse(entropy.id()),
      version: 1,
      browser,
      request,
      stage: { at: 'choosing', notice: null },
      createdAt: now,
      expiresAt: now + transactionLifetime,
    };
    await transactions.add(transaction);
    return transaction.id;
  };
