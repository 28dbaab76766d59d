import type { RequestListener } from 'node:http';
import { openAdminParts } from './compose-administration.ts';
import { consoleFlows, rulesParts } from './compose-console.ts';
import type { ConsoleParts } from './compose-console.ts';
import { openState } from './compose-state.ts';
import { openProvisioning } from './compose-provisioning.ts';
import type { ProvisioningParts } from './compose-provisioning.ts';
import { openConnectors } from './compose-upstreams.ts';
import { isLoopbackUrl } from './config/fields.ts';
import type { Config } from './config/schema.ts';
import { clientFromDocument } from './domain/client-metadata-document.ts';
import { invitationLink } from './domain/console.ts';
import { isRegistrableRedirectUri } from './domain/redirect-uri.ts';
import type { Secret } from './domain/secret.ts';
import { acceptInvitation } from './flows/accept-invitation.ts';
import { answerFactor } from './flows/answer-factor.ts';
import { answerPasskey, showPasskey } from './flows/answer-passkey.ts';
import { answerQuestion } from './flows/answer-question.ts';
import { beginAuthorization } from './flows/begin-authorization.ts';
import { beginConnectionTest } from './flows/begin-connection-test.ts';
import { beginLink, leaveApart } from './flows/begin-link.ts';
import { beginLogin } from './flows/begin-login.ts';
import { chooseTenant } from './flows/choose-tenant.ts';
import { completeConnectionTest } from './flows/complete-connection-test.ts';
import { completeLogin } from './flows/complete-login.ts';
import { continueAuthorization } from './flows/continue-authorization.ts';
import { endUpstreamSession } from './flows/end-upstream-session.ts';
import { checkDomains } from './flows/check-domains.ts';
import { confirmEnrolment, declineFactor, keepCodes, showEnrolment } from './flows/enrol-factor.ts';
import { exchangeCode } from './flows/exchange-code.ts';
import { findCompany } from './flows/find-company.ts';
import { finishJoin, joinAccounts } from './flows/join-accounts.ts';
import { inviteFirst } from './flows/invite-first.ts';
import { leaveQuestion } from './flows/leave-question.ts';
import { lookAtInvitation } from './flows/look-at-invitation.ts';
import { ensureGrant, recordConsent } from './flows/record-consent.ts';
import { refreshTokens } from './flows/refresh-tokens.ts';
import { registerClient } from './flows/register-client.ts';
import { revokeToken } from './flows/revoke-token.ts';
import { authenticateClient } from './flows/steps/authenticate-client.ts';
import { stopAuthorization } from './flows/stop-authorization.ts';
import { tellConnectionTest } from './flows/tell-connection-test.ts';
import { gatewayRoutes } from './gateway/app.ts';
import { openStopping } from './gateway/stopping.ts';
import { httpApp } from './http/app.ts';
import type { Flows } from './http/context.ts';
import { browserCookie } from './http/cookies.ts';
import { openLogo } from './http/assets.ts';
import type { Logo } from './http/assets.ts';
import { peerAddress } from './http/peer-address.ts';
import { openRateLimits } from './http/rate-limit.ts';
import { openReadiness } from './http/readiness.ts';
import { openRequestLog } from './http/request-log.ts';
import type { RequestScope } from './http/request-log.ts';
import type { Organisation } from './pages/layout.ts';
import { cacheDocuments } from './platform/document-cache.ts';
import { openDnsDomainProof } from './platform/dns-domain-proof.ts';
import { openDocumentFetcher } from './platform/document-fetcher.ts';
import { openSigner } from './platform/jose-signer.ts';
import { openKeyRing } from './platform/key-ring.ts';
import { readLocalFile } from './platform/local-file.ts';
import { openSealing } from './platform/node-sealing.ts';
import { oneTimeCodes } from './platform/one-time-codes.ts';
import { openPasskeys } from './platform/passkeys.ts';
import { oneAtATime } from './platform/one-at-a-time.ts';
import { systemPause } from './platform/system-pause.ts';
import type { Clock } from './ports/clock.ts';
import type { AnyConnector } from './ports/connector.ts';
import type { DocumentEngine } from './ports/document-engine.ts';
import type { Entropy } from './ports/entropy.ts';
import { sweepAll } from './stores/sweep.ts';
import { signingKeys } from './stores/collections.ts';
import { openRateWindows } from './stores/rate-windows.ts';
import { openSigningKeys } from './stores/signing-keys.ts';

/** What a broker is made of besides its configuration; a test brings its own clock and entropy. */
export interface World {
  readonly config: Config;
  readonly engine: DocumentEngine;
  readonly masterKey: Secret<'key'>;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: RequestScope;
}

/** What an operator gives to whoever is to administer first. */
export interface FirstInvitation {
  readonly link: string;
  readonly workspace: string;
  readonly role: string;
  readonly expiresAt: number;
}

export interface Broker {
  readonly answer: RequestListener;
  readonly connectors: readonly AnyConnector[];
  /** Removes what has expired, makes the next signing key when it is due and looks after domains. */
  tend(): Promise<void>;
  /** Asks DNS about the domains nobody has seen proven lately. */
  checkDomains(): Promise<unknown>;
  /** The link for the first administrator, where one is missing, and until when it works (ms since the epoch). */
  inviteFirst(): Promise<FirstInvitation | null>;
  /** Readiness turns false; requests are still answered. */
  drain(): void;
  /** Sends streams that only listen back to where their clients came from. */
  endListening(): void;
  /** Refuses what is still under way at the gateway. */
  cutShort(): void;
  close(): void;
}

function logoOf({ organisation: { logoPath } }: Config): Logo | null {
  return logoPath === undefined ? null : openLogo(readLocalFile(logoPath), /svg$/i.test(logoPath) ? 'image/svg+xml' : 'image/png');
}

function organisationOf({ organisation }: Config, logo: Logo | null): Organisation {
  const helpHref = organisation.supportUrl === undefined ? null : new URL(organisation.supportUrl);
  return { name: organisation.name, logo: logo?.path ?? null, helpName: `${organisation.name} IT`, helpHref, privacyHref: null };
}

const readinessOf = ({ engine, clock, log }: World, isDraining: () => boolean) =>
  openReadiness({
    // No such row: the question is whether anybody answers.
    ask: () => engine.get(signingKeys, 'readiness'),
    isDraining,
    clock,
    changed: (readiness) => log[readiness === 'store-unavailable' ? 'warn' : 'info']('readiness', { reason: readiness }),
  });

const describesClient = (url: string, json: unknown): boolean => 'client' in clientFromDocument(url, json, isRegistrableRedirectUri);

type Parts = Parameters<typeof answerQuestion>[0] &
  ConsoleParts &
  Parameters<typeof answerFactor>[0] &
  Parameters<typeof answerPasskey>[0] &
  Parameters<typeof confirmEnrolment>[0] &
  Parameters<typeof findCompany>[0] &
  Parameters<typeof refreshTokens>[0] &
  Parameters<typeof exchangeCode>[0] &
  Parameters<typeof beginAuthorization>[0] &
  Parameters<typeof beginConnectionTest>[0] &
  ProvisioningParts;

/** What programs ask for every hour may go by what is remembered; while a person looks on, everything is asked anew. */
const openFlows = (parts: Parts, forTokens: Parts): Flows => ({
  beginAuthorization: beginAuthorization(parts),
  continueAuthorization: continueAuthorization(parts),
  beginLogin: beginLogin(parts),
  findCompany: findCompany(parts),
  beginLink: beginLink(parts),
  leaveApart: leaveApart(parts),
  joinAccounts: joinAccounts(parts),
  finishJoin: finishJoin(parts),
  completeLogin: completeLogin(parts),
  answerQuestion: answerQuestion(parts),
  answerFactor: answerFactor(parts),
  showPasskey: showPasskey(parts),
  answerPasskey: answerPasskey(parts),
  showEnrolment: showEnrolment(parts),
  confirmEnrolment: confirmEnrolment(parts),
  keepCodes: keepCodes(parts),
  declineFactor: declineFactor(parts),
  lookAtInvitation: lookAtInvitation(parts),
  acceptInvitation: acceptInvitation(parts),
  ...consoleFlows(parts),
  leaveQuestion: leaveQuestion(parts),
  chooseTenant: chooseTenant(parts),
  recordConsent: recordConsent(parts),
  ensureGrant: ensureGrant(parts),
  stopAuthorization: stopAuthorization(parts),
  registerClient: registerClient(parts),
  authenticateClient: authenticateClient(forTokens),
  exchangeCode: exchangeCode(forTokens),
  refreshTokens: refreshTokens(forTokens),
  revokeToken: revokeToken(parts),
  endUpstreamSession: endUpstreamSession(parts),
  beginConnectionTest: beginConnectionTest(parts),
  completeConnectionTest: completeConnectionTest(parts),
  tellConnectionTest: tellConnectionTest(parts),
  scim: openProvisioning(parts),
});

async function firstInvitation(parts: Parameters<typeof inviteFirst>[0]): Promise<FirstInvitation | null> {
  const made = await inviteFirst(parts)();
  if (made === null) return null;
  const { invitation, tenant, role, ticket } = made;
  const link = invitationLink(parts.directory.issuer, ticket);
  return { link, workspace: tenant.name, role: role.name, expiresAt: invitation.expiresAt };
}

/** Puts every part together; the only file that knows them all by name. */
export async function compose(world: World): Promise<Broker> {
  const { config, engine, clock, entropy, log } = world;
  const { issuer } = config;
  const sealing = openSealing(world.masterKey);
  const ring = await openKeyRing({ keys: openSigningKeys(engine), sealing, clock, algorithm: config.signingAlgorithm });
  const connectors = openConnectors(config, clock);
  const documents = cacheDocuments(openDocumentFetcher({ loopback: isLoopbackUrl(issuer) }), { clock, isUsable: describesClient });
  const signer = openSigner(ring, clock);
  const { stores, forTokens, feed, authority, directory, policy } = await openState(world, sealing);
  const outside = { clock, entropy, log, oneTimeCodes, passkeys: openPasskeys(issuer, config.organisation.name), pause: systemPause };
  const made = { signer, connectors, documents, authority, ...rulesParts(config, engine) };
  const parts = { ...stores, ...outside, ...made, issuer, directory, policy, sealing };
  const windows = openRateWindows(engine, { clock, entropy, log, mac: sealing.mac });
  const logo = logoOf(config);
  const stopping = openStopping(entropy);
  const domains = oneAtATime(() => checkDomains({ ...parts, domainProof: openDnsDomainProof(config.dns) })('due'));
  let draining = false;
  const answer = httpApp({
    ...parts,
    flows: openFlows(parts, { ...parts, ...forTokens }),
    organisation: organisationOf(config, logo),
    logo,
    cookie: browserCookie(entropy, issuer.startsWith('https:')),
    limits: openRateLimits(config.limits, peerAddress(config.trustedProxies), windows),
    gateway: gatewayRoutes({
      ...parts,
      mac: sealing.mac,
      stopping,
      origins: config.browserOrigins,
    }),
    administration: openAdminParts({ ...parts, windows }, engine, config),
    begin: openRequestLog(log, clock, entropy),
    readiness: readinessOf(world, () => draining),
  });
  return {
    answer,
    connectors: [...connectors.values()],
    tend: async () => {
      await ring.tend();
      await Promise.all([sweepAll(engine, clock.now()), domains()]);
    },
    checkDomains: domains,
    inviteFirst: () => firstInvitation(parts),
    drain: () => void (draining = true),
    endListening: () => stopping.endListening(),
    cutShort: () => stopping.cutShort(),
    close: () => [windows, feed, policy].forEach((part) => part.close()),
  };
}
