import type { Context } from 'koa';
import type { Clock } from '../ports/clock.ts';
import type { Directory } from '../domain/directory.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { Log } from '../ports/log.ts';
import type { OneTimeCodes } from '../ports/one-time-codes.ts';
import type { Sealing } from '../ports/sealing.ts';
import type { Organisation } from '../pages/layout.ts';
import type { BrowserCookie } from './cookies.ts';
import type { Patience } from './patience.ts';
import type { RateLimits } from './rate-limit.ts';
import type { ScimFlows } from './scim/flows.ts';
import type { acceptInvitation } from '../flows/accept-invitation.ts';
import type { askAfter } from '../flows/ask-after.ts';
import type { answerFactor } from '../flows/answer-factor.ts';
import type { answerPasskey, showPasskey } from '../flows/answer-passkey.ts';
import type { answerQuestion } from '../flows/answer-question.ts';
import type { beginAuthorization } from '../flows/begin-authorization.ts';
import type { beginConnectionTest } from '../flows/begin-connection-test.ts';
import type { beginLink, leaveApart } from '../flows/begin-link.ts';
import type { beginLogin } from '../flows/begin-login.ts';
import type { chooseTenant } from '../flows/choose-tenant.ts';
import type { completeConnectionTest } from '../flows/complete-connection-test.ts';
import type { completeLogin } from '../flows/complete-login.ts';
import type { continueAuthorization } from '../flows/continue-authorization.ts';
import type { endUpstreamSession } from '../flows/end-upstream-session.ts';
import type { findCompany } from '../flows/find-company.ts';
import type { confirmEnrolment, declineFactor, keepCodes, showEnrolment } from '../flows/enrol-factor.ts';
import type { exchangeCode } from '../flows/exchange-code.ts';
import type { finishJoin, joinAccounts } from '../flows/join-accounts.ts';
import type { leaveConsole } from '../flows/leave-console.ts';
import type { leaveQuestion } from '../flows/leave-question.ts';
import type { lookAtInvitation } from '../flows/look-at-invitation.ts';
import type { publishRules } from '../flows/publish-rules.ts';
import type { ensureGrant, recordConsent } from '../flows/record-consent.ts';
import type { refreshTokens } from '../flows/refresh-tokens.ts';
import type { registerClient } from '../flows/register-client.ts';
import type { revokeToken } from '../flows/revoke-token.ts';
import type { publishedRules, tryRules } from '../flows/try-draft.ts';
import type { tellConnectionTest } from '../flows/tell-connection-test.ts';
import type { stopAuthorization } from '../flows/stop-authorization.ts';
import type { authenticateClient } from '../flows/steps/authenticate-client.ts';
import type { knownGroups, nameGroups } from '../flows/steps/name-groups.ts';

/** Every flow with its dependencies filled in. */
export interface Flows {
  readonly beginAuthorization: ReturnType<typeof beginAuthorization>;
  readonly continueAuthorization: ReturnType<typeof continueAuthorization>;
  readonly beginLogin: ReturnType<typeof beginLogin>;
  readonly findCompany: ReturnType<typeof findCompany>;
  readonly beginLink: ReturnType<typeof beginLink>;
  readonly leaveApart: ReturnType<typeof leaveApart>;
  readonly joinAccounts: ReturnType<typeof joinAccounts>;
  readonly finishJoin: ReturnType<typeof finishJoin>;
  readonly completeLogin: ReturnType<typeof completeLogin>;
  readonly answerQuestion: ReturnType<typeof answerQuestion>;
  readonly answerFactor: ReturnType<typeof answerFactor>;
  readonly showPasskey: ReturnType<typeof showPasskey>;
  readonly answerPasskey: ReturnType<typeof answerPasskey>;
  readonly showEnrolment: ReturnType<typeof showEnrolment>;
  readonly confirmEnrolment: ReturnType<typeof confirmEnrolment>;
  readonly keepCodes: ReturnType<typeof keepCodes>;
  readonly declineFactor: ReturnType<typeof declineFactor>;
  readonly leaveConsole: ReturnType<typeof leaveConsole>;
  readonly lookAtInvitation: ReturnType<typeof lookAtInvitation>;
  readonly acceptInvitation: ReturnType<typeof acceptInvitation>;
  readonly askAfter: ReturnType<typeof askAfter>;
  readonly publishedRules: ReturnType<typeof publishedRules>;
  readonly tryRules: ReturnType<typeof tryRules>;
  readonly publishRules: ReturnType<typeof publishRules>;
  readonly nameGroups: ReturnType<typeof nameGroups>;
  readonly knownGroups: ReturnType<typeof knownGroups>;
  readonly leaveQuestion: ReturnType<typeof leaveQuestion>;
  readonly chooseTenant: ReturnType<typeof chooseTenant>;
  readonly recordConsent: ReturnType<typeof recordConsent>;
  readonly ensureGrant: ReturnType<typeof ensureGrant>;
  readonly stopAuthorization: ReturnType<typeof stopAuthorization>;
  readonly registerClient: ReturnType<typeof registerClient>;
  readonly authenticateClient: ReturnType<typeof authenticateClient>;
  readonly exchangeCode: ReturnType<typeof exchangeCode>;
  readonly refreshTokens: ReturnType<typeof refreshTokens>;
  readonly revokeToken: ReturnType<typeof revokeToken>;
  readonly endUpstreamSession: ReturnType<typeof endUpstreamSession>;
  readonly beginConnectionTest: ReturnType<typeof beginConnectionTest>;
  readonly completeConnectionTest: ReturnType<typeof completeConnectionTest>;
  readonly tellConnectionTest: ReturnType<typeof tellConnectionTest>;
  readonly scim: ScimFlows;
}

/** What the routes share. */
export interface HttpDependencies {
  readonly directory: Directory;
  readonly organisation: Organisation;
  readonly flows: Flows;
  readonly sealing: Sealing;
  readonly oneTimeCodes: OneTimeCodes;
  readonly entropy: Entropy;
  readonly clock: Clock;
  readonly log: Log;
  readonly cookie: BrowserCookie;
  readonly limits: RateLimits;
  /** Stands in each route behind what turns refusals into answers; ms. */
  readonly inTime: (longest: number) => Patience;
}

/** Sends the browser on after a form or a step: always 303, so that nothing is posted again. RFC 9700 §4.12. */
export function sendOn(ctx: Context, location: string): void {
  ctx.status = 303;
  ctx.set('Location', location);
  ctx.body = '';
}
