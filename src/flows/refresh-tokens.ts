import type { Directory } from '../domain/directory.ts';
import type { Grant, RefreshVerdict } from '../domain/grant.ts';
import { idleFrom, isLive, judgeRefresh } from '../domain/grant.ts';
import { TokenRefusal } from '../domain/oauth-error.ts';
import type { Resource } from '../domain/resource.ts';
import { offlineAccess, parseScope } from '../domain/scope.ts';
import type { Standing } from '../domain/standing.ts';
import { readRefreshToken } from '../domain/token-format.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { Clock } from '../ports/clock.ts';
import { UpstreamUnanswered } from '../ports/connector.ts';
import type { Grants } from '../ports/grants.ts';
import type { Users } from '../ports/users.ts';
import type { AuthenticatedClient } from './steps/authenticate-client.ts';
import type { EndGrant } from './steps/end-grant.ts';
import { endGrant } from './steps/end-grant.ts';
import { aboutGrant, grantedResource } from './steps/granted.ts';
import type { IssueDependencies, IssuedTokens } from './steps/issue-tokens.ts';
import { issueTokens } from './steps/issue-tokens.ts';
import type { StandingDependencies } from './steps/standing.ts';
import { provenStanding } from './steps/standing.ts';
import type { StillThereDependencies } from './steps/still-there.ts';
import { stillThere } from './steps/still-there.ts';

export interface RefreshDependencies extends IssueDependencies, StandingDependencies, StillThereDependencies {
  readonly directory: Directory;
  readonly audit: AuditLog;
  readonly grants: Grants;
  readonly users: Users;
}

/** RFC 6749 §6. */
export interface Refresh {
  readonly client: AuthenticatedClient;
  readonly refresh_token: string;
  readonly scope: string | null;
  readonly resource: string | null;
}

/** What the client wants of its grant this time: less is possible, more is not. RFC 6749 §6. */
function narrowedScope(grant: Grant, asked: string | null): readonly string[] {
  if (asked === null || asked === '') return grant.scope;
  const values = parseScope(asked) ?? [];
  // Clients repeat what they first asked for: what the person left out of it stays out and is no offence.
  const known = new Set([...grant.scope, ...grant.asked, offlineAccess]);
  if (values.length === 0 || values.some((value) => !known.has(value)))
    throw new TokenRefusal('invalid_scope', 'more than was ever asked for');
  const narrowed = grant.scope.filter((value) => values.includes(value));
  return narrowed.length > 0 ? narrowed : grant.scope;
}

type Successor = Extract<RefreshVerdict, { verdict: 'rotate' | 'repeat' }>;

/** What is due to whoever presents this generation; one that was replaced too long ago ends the grant. */
async function successorOf(clock: Clock, end: EndGrant, grant: Grant, presented: number, resource: Resource): Promise<Successor> {
  const verdict = judgeRefresh(grant, presented, clock.now(), resource.lifetimes.refreshGrace * 1000);
  switch (verdict.verdict) {
    case 'unknown':
      throw new TokenRefusal('invalid_grant', 'a generation that was never handed out');
    case 'stolen': {
      const rule = 'a replaced refresh token was used after its grace';
      await end(grant, rule);
      throw new TokenRefusal('invalid_grant', rule);
    }
    default:
      return verdict;
  }
}

/** Makes the next generation the current one. Whoever was quicker with the same one has handed out the same successor. */
async function rotate({ grants, clock }: RefreshDependencies, grant: Grant, presented: number, to: Successor, resource: Resource) {
  if (to.verdict === 'repeat') return true;
  const now = clock.now();
  const { generation, rotations } = to;
  const next = { generation, rotations, usedAt: now, ...idleFrom(now, resource.lifetimes.refreshIdle * 1000) };
  if ((await grants.rotate(grant.id, presented, next)) !== null) return true;
  const found = await grants.get(grant.id);
  return found !== null && isLive(found, now) && found.generation > presented;
}

/** What a renewal went by: whoever reads the audit should see when it was by what had been told earlier. */
const ruleOf = ({ toldAt }: Standing, now: number): string =>
  toldAt === undefined
    ? 'refresh_token'
    : `groups or claims as told ${String(Math.round((now - toldAt) / 1000))} seconds before; refresh_token`;

/** Exchanges a refresh token for its successor and an access token that says what the roles allow now. RFC 6749 §6, RFC 9700 §4.14. */
export const refreshTokens = (dependencies: RefreshDependencies) => {
  const { grants, sealing, clock, audit, directory } = dependencies;
  const end = endGrant(dependencies);
  const present = stillThere(dependencies);
  return async (asked: Refresh): Promise<IssuedTokens> => {
    const read = readRefreshToken(asked.refresh_token, sealing.mac);
    const grant = read === null ? null : await grants.get(read.grantId);
    if (read === null || grant === null) throw new TokenRefusal('invalid_grant', 'no such refresh token');
    // Another client's token: refused, and its owner loses nothing by it.
    if (grant.client_id !== asked.client.client_id) throw new TokenRefusal('invalid_grant', 'the token belongs to another client');
    if (!isLive(grant, clock.now())) throw new TokenRefusal('invalid_grant', `the grant is ${grant.stage} or expired`);
    const resource = grantedResource(directory, grant, asked.resource);
    const narrowed = narrowedScope(grant, asked.scope);
    const presence = await present(grant);
    if (presence === 'gone')
      throw new TokenRefusal('invalid_grant', 'the sign-in is over at the identity provider, or cannot be asked about');
    if (presence === 'unknown') throw new UpstreamUnanswered('nobody could say for too long whether the person is still there');
    const standing = await provenStanding(dependencies)(grant);
    if (standing === null) throw new TokenRefusal('invalid_grant', 'the person no longer has access, or has to prove more');
    const successor = await successorOf(clock, end, grant, read.generation, resource);
    const { generation } = successor;
    const tokens = await issueTokens(dependencies)({ grant, standing, resource, generation, refreshable: true, narrowed });
    // The effect and its record at once: what stands between them is only somebody ending the grant at this very moment.
    const [isDue] = await Promise.all([
      rotate(dependencies, grant, read.generation, successor, resource),
      audit.append({ ...aboutGrant(grant), event: 'token.refreshed', scope: tokens.scope.split(' '), rule: ruleOf(standing, clock.now()) }),
    ]);
    if (isDue) return tokens;
    const rule = 'the grant ended while it was being refreshed';
    await audit.append({ ...aboutGrant(grant), event: 'token.withheld', rule });
    throw new TokenRefusal('invalid_grant', rule);
  };
};
