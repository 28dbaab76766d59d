import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoConfig } from '../../src/config/demo.ts';
import { directoryOf } from '../../src/config/directory.ts';
import type { Config } from '../../src/config/schema.ts';
import type { AuditEvent } from '../../src/domain/audit-event.ts';
import { sha256 } from '../../src/domain/digest.ts';
import type { Directory } from '../../src/domain/directory.ts';
import { ConnectionId } from '../../src/domain/ids.ts';
import type { TransactionId } from '../../src/domain/ids.ts';
import type { VerifiedIdentity } from '../../src/domain/identity.ts';
import { codeOf } from '../../src/domain/token-format.ts';
import { Secret } from '../../src/domain/secret.ts';
import { beginAuthorization } from '../../src/flows/begin-authorization.ts';
import { beginLogin } from '../../src/flows/begin-login.ts';
import type { LoginStart } from '../../src/flows/begin-login.ts';
import { chooseTenant } from '../../src/flows/choose-tenant.ts';
import { completeLogin } from '../../src/flows/complete-login.ts';
import { continueAuthorization } from '../../src/flows/continue-authorization.ts';
import { exchangeCode } from '../../src/flows/exchange-code.ts';
import { recordConsent } from '../../src/flows/record-consent.ts';
import { refreshTokens } from '../../src/flows/refresh-tokens.ts';
import { registerClient } from '../../src/flows/register-client.ts';
import { revokeToken } from '../../src/flows/revoke-token.ts';
import type { IssuedTokens } from '../../src/flows/steps/issue-tokens.ts';
import { liveAuthority } from '../../src/flows/steps/standing.ts';
import { stopAuthorization } from '../../src/flows/stop-authorization.ts';
import { openSigner } from '../../src/platform/jose-signer.ts';
import { openKeyRing } from '../../src/platform/key-ring.ts';
import { openPasskeys } from '../../src/platform/passkeys.ts';
import { openSealing } from '../../src/platform/node-sealing.ts';
import type { UpstreamAttempt } from '../../src/domain/upstream-attempt.ts';
import type { Connector } from '../../src/ports/connector.ts';
import type { LoginRefused } from '../../src/ports/connector.ts';
import type { DocumentEngine } from '../../src/ports/document-engine.ts';
import type { Entropy } from '../../src/ports/entropy.ts';
import { openAuditLog } from '../../src/stores/audit-log.ts';
import { collections } from '../../src/stores/collections.ts';
import { openNewcomers } from '../../src/stores/newcomers.ts';
import { openGroupNames } from '../../src/stores/group-names.ts';
import { openGrants } from '../../src/stores/grants.ts';
import { openInvitations } from '../../src/stores/invitations.ts';
import { openTenantRows } from '../../src/stores/tenant-rows.ts';
import { openMemberships } from '../../src/stores/memberships.ts';
import { openProvenDomains } from '../../src/stores/proven-domains.ts';
import { openProvisionedUsers } from '../../src/stores/provisioned-users.ts';
import { openSecondFactors } from '../../src/stores/second-factors.ts';
import { openSeenClients } from '../../src/stores/seen-clients.ts';
import { openSigningKeys } from '../../src/stores/signing-keys.ts';
import { openSqliteEngine } from '../../src/stores/sqlite/engine.ts';
import { openTransactions } from '../../src/stores/transactions.ts';
import { openUpstreamSessions } from '../../src/stores/upstream-sessions.ts';
import { openUsers } from '../../src/stores/users.ts';
import { onePolicy } from '../../src/ports/policy-in-force.ts';
import { noFeed } from '../../src/ports/authority-feed.ts';
import { nothingProven } from './assurance.ts';
import { assuranceFrom } from '../../src/domain/assurance.ts';

/** Looks random and is the same in every run. */
export function seededEntropy(seed: string): Entropy {
  let drawn = 0;
  const bytes = (length: number) => {
    drawn += 1;
    const block = createHash('sha512').update(`${seed} ${drawn}`).digest();
    return new Uint8Array(block.subarray(0, length));
  };
  const word = (length: number) => Buffer.from(bytes(length)).toString('base64url');
  return { bytes, id: () => word(16), secret: () => word(32) };
}

/** A clock that stands still until a test moves it. */
export class StillClock {
  #now = Date.UTC(2026, 0, 1);
  now = (): number => this.#now;
  advance(ms: number): void {
    this.#now += ms;
  }
}

const demo = ConnectionId.parse('demo');
export const proven = assuranceFrom({ acr: 'urn:drawbridge:demo:mfa' }, { acr: ['urn:drawbridge:demo:mfa'], amr: [] });

/** Alice of the demonstration as its identity provider vouches for her. */
export function alice(changed: Partial<VerifiedIdentity> = {}): VerifiedIdentity {
  const [issuer, subject, email] = ['http://localhost:4001', 'demo-0001', 'alice@demo.example'];
  return { connectionId: demo, issuer, subject, email, name: 'Alice', groups: ['eng'], assurance: nothingProven, said: [], ...changed };
}

/** An upstream that vouches for whoever the test says, and keeps what it was asked. */
export class StubConnector implements Connector {
  readonly id: ConnectionId;
  readonly name = 'Demo Company';
  says: VerifiedIdentity | LoginRefused = alice();
  readonly attempts: UpstreamAttempt[] = [];

  constructor(id: ConnectionId = demo) {
    this.id = id;
  }

  begin = async (attempt: UpstreamAttempt): Promise<URL> => {
    this.attempts.push(attempt);
    return Promise.resolve(new URL(`http://localhost:4001/auth?state=${attempt.state}`));
  };
  complete = async (): Promise<VerifiedIdentity> => (this.says instanceof Error ? Promise.reject(this.says) : Promise.resolve(this.says));
  warmUp = async (): Promise<void> => Promise.resolve();
}

export interface FlowOptions {
  /** Changes the demonstration's configuration. */
  readonly configure?: (config: Config) => Config;
  readonly wrapEngine?: (engine: DocumentEngine) => DocumentEngine;
}

/** Every flow over a real store in a temporary file, with a clock that stands still, seeded entropy and an upstream in the test's hands. */
export async function openFlowWorld({ configure = (config) => config, wrapEngine = (engine) => engine }: FlowOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'flows-'));
  const file = await openSqliteEngine({ path: join(folder, 'store.db'), collections });
  const engine = wrapEngine(file);
  const directory: Directory = directoryOf(configure(demoConfig(4000, { client_secret: 'stub' })));
  const clock = new StillClock();
  const entropy = seededEntropy(folder);
  const sealing = openSealing(new Secret<'key'>(entropy.secret()));
  const ring = await openKeyRing({ keys: openSigningKeys(engine), sealing, clock, algorithm: 'ES256' });
  const connector = new StubConnector();
  const events: AuditEvent[] = [];
  const written = openAuditLog(engine, { chain: 'flows', clock });
  const parts = {
    issuer: directory.issuer,
    directory,
    policy: onePolicy,
    clock,
    // Nobody waits for a clock that stands still.
    pause: async () => Promise.resolve(),
    entropy,
    sealing,
    signer: openSigner(ring, clock),
    connectors: new Map([[connector.id, connector]]),
    documents: { fetchDocument: async () => Promise.resolve({ status: 'refused' as const, reason: 'there is no network here' }) },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    transactions: openTransactions(engine),
    grants: openGrants(engine, noFeed),
    users: openUsers(engine, noFeed),
    memberships: openMemberships(engine, noFeed),
    invitations: openInvitations(engine),
    rows: openTenantRows(engine),
    seenClients: openSeenClients(engine, noFeed),
    upstreamSessions: openUpstreamSessions(engine, sealing),
    secondFactors: openSecondFactors(engine, sealing),
    passkeys: openPasskeys(directory.issuer, 'Demo Company'),
    provenDomains: openProvenDomains(engine),
    groupNames: openGroupNames(engine, clock),
    newcomers: openNewcomers(engine),
    provisionedUsers: openProvisionedUsers(engine, noFeed),
    audit: {
      append: async (event: AuditEvent) => {
        await written.append(event);
        events.push(event);
      },
    },
  };
  return {
    ...parts,
    engine,
    connector,
    events,
    flows: {
      begin: beginAuthorization(parts),
      beginLogin: (asked: Omit<LoginStart, 'log'>) => beginLogin(parts)({ ...asked, log: parts.log }),
      complete: (answer: Omit<Parameters<ReturnType<typeof completeLogin>>[0], 'log'>) =>
        completeLogin(parts)({ ...answer, log: parts.log }),
      choose: chooseTenant(parts),
      continue: continueAuthorization(parts),
      consent: recordConsent(parts),
      stop: stopAuthorization(parts),
      register: registerClient(parts),
      exchange: exchangeCode(parts),
      refresh: refreshTokens(parts),
      revoke: revokeToken(parts),
    },
    authority: liveAuthority(parts),
    close: async () => {
      await file.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type FlowWorld = Awaited<ReturnType<typeof openFlowWorld>>;

export const browser = sha256('a browser');
export const code_verifier = 'v'.repeat(43);
export const redirect_uri = 'http://127.0.0.1:9876/callback';
export const grant_types = ['authorization_code', 'refresh_token'];

export function registered({ flows }: FlowWorld, client_name = 'Tool'): string {
  return flows.register({ client_name, redirect_uris: [redirect_uri] }).client_id;
}

/** An authorization request with everything right, but for what is changed. */
export function asked(client_id: string, changed: Record<string, string | undefined> = {}, repeated: readonly string[] = []) {
  const code_challenge = sha256(code_verifier);
  const request = { response_type: 'code', client_id, redirect_uri, code_challenge, code_challenge_method: 'S256', scope: 'read write' };
  return { values: { ...request, state: 's', resource: 'http://localhost:4000/mcp', ...changed }, repeated: new Set(repeated) };
}

/** Has somebody sign in, as the upstream vouches for them. */
export async function signIn(
  world: FlowWorld,
  id: TransactionId,
  says: VerifiedIdentity = alice(),
  purpose: LoginStart['purpose'] = 'sign-in',
): Promise<void> {
  const { flows, connector } = world;
  await flows.beginLogin({ id, browser, connectionId: demo, purpose });
  connector.says = says;
  const answer = new URLSearchParams({ state: connector.attempts.at(-1)?.state ?? '', code: 'c' });
  await flows.complete({ connectionId: demo, browser, answer });
}

export interface Approved {
  readonly client_id: string;
  readonly id: TransactionId;
  readonly code: string;
}

/** A request, a sign-in and an approval. */
export async function approve(
  world: FlowWorld,
  {
    says = alice(),
    tenant = 'acme',
    scope = ['read', 'write'],
    client_id = registered(world),
    changed = {} as Record<string, string>,
  } = {},
): Promise<Approved> {
  const id = await world.flows.begin(asked(client_id, changed), browser);
  await signIn(world, id, says);
  const recorded = await world.flows.consent(id, browser, { decision: 'approve', tenant, scope });
  const transaction = await world.transactions.get(id);
  if (recorded !== 'recorded' || transaction?.stage.at !== 'approved') throw new Error(`not approved but ${recorded}`);
  return { client_id, id, code: codeOf(transaction.stage.grantId, world.sealing.mac).reveal() };
}

export function redeem(
  world: FlowWorld,
  { client_id, code }: Approved,
  changed: Partial<Parameters<FlowWorld['flows']['exchange']>[0]> = {},
): Promise<IssuedTokens> {
  const asking = { client: { client_id, grant_types }, code, code_verifier, redirect_uri, resource: null, shownAt: world.clock.now() };
  return world.flows.exchange({ ...asking, ...changed });
}

export function refresh(
  world: FlowWorld,
  client_id: string,
  tokens: IssuedTokens,
  changed: { scope?: string; resource?: string } = {},
): Promise<IssuedTokens> {
  const refresh_token = tokens.refresh_token?.reveal() ?? '';
  return world.flows.refresh({ client: { client_id, grant_types }, refresh_token, scope: null, resource: null, ...changed });
}
