import type { Directory } from '../domain/directory.ts';
import type { Grant } from '../domain/grant.ts';
import { idleFrom, isFreshCode, isReplay } from '../domain/grant.ts';
import { TokenRefusal } from '../domain/oauth-error.ts';
import { verifierMatches } from '../domain/pkce.ts';
import type { Resource } from '../domain/resource.ts';
import { readCode } from '../domain/token-format.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { Pause } from '../ports/pause.ts';
import type { AuthenticatedClient } from './steps/authenticate-client.ts';
import type { EndGrant } from './steps/end-grant.ts';
import { endGrant } from './steps/end-grant.ts';
import { aboutGrant, grantedResource } from './steps/granted.ts';
import type { IssueDependencies, IssuedTokens } from './steps/issue-tokens.ts';
import { issueTokens } from './steps/issue-tokens.ts';
import type { StandingDependencies } from './steps/standing.ts';
import { provenStanding } from './steps/standing.ts';

export interface ExchangeDependencies extends IssueDependencies, StandingDependencies {
  readonly directory: Directory;
  readonly audit: AuditLog;
  readonly pause: Pause;
}

/** RFC 6749 §4.1.3, RFC 7636 §4.5, RFC 8707 §2.2. */
export interface CodeExchange {
  readonly client: AuthenticatedClient;
  readonly code: string;
  readonly code_verifier: string;
  readonly redirect_uri: string | null;
  readonly resource: string | null;
  /** When the request arrived (ms since the epoch), before anything was asked about it: who shows a code once more is told by that. */
  readonly shownAt: number;
}

/** RFC 6749 §4.1.3, each condition in turn; a code shown wrongly is burned, a redeemed one shown rightly again ends the grant. */
async function check({ clock, directory }: ExchangeDependencies, end: EndGrant, asked: CodeExchange, grant: Grant): Promise<Resource> {
  const { client, code_verifier, redirect_uri, shownAt } = asked;
  const matches =
    grant.client_id === client.client_id &&
    verifierMatches(code_verifier, grant.code_challenge) &&
    (redirect_uri === null || redirect_uri === grant.redirect_uri);
  if (matches && isReplay(grant, shownAt)) {
    await end(grant, 'the code was redeemed again');
    throw new TokenRefusal('invalid_grant', 'the code was redeemed again');
  }
  if (grant.stage !== 'coded') throw new TokenRefusal('invalid_grant', `the grant is ${grant.stage}`);
  if (!matches) {
    await end(grant, 'the code was shown with the wrong client, verifier or redirect_uri');
    throw new TokenRefusal('invalid_grant', 'wrong client, verifier or redirect_uri');
  }
  if (!isFreshCode(grant, clock.now())) throw new TokenRefusal('invalid_grant', 'the code has expired');
  return grantedResource(directory, grant, asked.resource);
}

/** The least time (ms) a redemption takes: a request that a network sent twice has arrived both times by then, so it is no replay. */
const answerDelay = 30;

/** Redeems an authorization code, once. */
export const exchangeCode = (dependencies: ExchangeDependencies) => {
  const { grants, sealing, clock, audit, pause } = dependencies;
  const end = endGrant(dependencies);
  return async (asked: CodeExchange): Promise<IssuedTokens> => {
    const { shownAt } = asked;
    const id = readCode(asked.code, sealing.mac);
    const grant = id === null ? null : await grants.get(id);
    if (grant === null) throw new TokenRefusal('invalid_grant', 'no such code');
    const resource = await check(dependencies, end, asked, grant);
    const standing = await provenStanding(dependencies)(grant);
    if (standing === null) throw new TokenRefusal('invalid_grant', 'the person no longer has access, or has to prove more');
    const now = clock.now();
    const redeemed = await grants.redeem(grant.id, { usedAt: now, ...idleFrom(now, resource.lifetimes.refreshIdle * 1000) });
    // Whoever lost was at it at the same moment: no replay, and no reason to take the winner's tokens away.
    if (redeemed === null) throw new TokenRefusal('invalid_grant', 'the code was redeemed at the same moment');
    const refreshable = asked.client.grant_types.includes('refresh_token');
    const tokens = await issueTokens(dependencies)({ grant: redeemed, standing, resource, generation: 1, refreshable });
    const answeredAt = Math.max(clock.now(), shownAt + answerDelay);
    await Promise.all([
      grants.answered(grant.id, answeredAt),
      audit.append({ ...aboutGrant(grant), event: 'token.issued', scope: tokens.scope.split(' '), rule: 'authorization_code' }),
    ]);
    await pause(Math.min(answeredAt - clock.now(), answerDelay));
    return tokens;
  };
};
