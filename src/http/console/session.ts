import type { Context } from 'koa';
import { z } from 'zod';
import { satisfies } from '../../domain/assurance-demand.ts';
import { effectiveScopes } from '../../domain/access-decision.ts';
import { consoleClientId, isOver } from '../../domain/console.ts';
import type { ConsoleSession } from '../../domain/console.ts';
import { sha256 } from '../../domain/digest.ts';
import { GrantId } from '../../domain/ids.ts';
import type { Administration } from '../../domain/directory.ts';
import { PageRefusal } from '../../domain/oauth-error.ts';
import type { Standing } from '../../domain/standing.ts';
import type { LiveAuthority } from '../../ports/live-authority.ts';
import type { HttpDependencies } from '../context.ts';
import type { Browser } from '../cookies.ts';

export interface ConsoleDependencies extends HttpDependencies {
  readonly administration: Administration;
  readonly authority: LiveAuthority;
}

/** Who is signed in to the administrators' pages, as is known of them at this moment. */
export interface SignedIn {
  readonly grantId: GrantId;
  readonly standing: Standing;
  /** What they let the pages do. */
  readonly scope: readonly string[];
  /** What their forms are bound to. */
  readonly browser: Browser;
}

const purpose = 'console';
const Session = z.object({ grantId: GrantId, at: z.number() });

/** Begins unlike the cookies of sign-ins, which are cleared away by how they begin. */
const nameOf = (secure: boolean): string => (secure ? '__Host-drawbridge_admin' : 'drawbridge_admin');

const isSecure = ({ directory }: HttpDependencies): boolean => directory.issuer.startsWith('https:');

/** Only for this origin, no script and no request that another site caused. RFC 6265bis §4.1.2.7, §4.1.3.2. */
const attributes = (secure: boolean): string => `Path=/; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;

export function giveSession(ctx: Context, dependencies: HttpDependencies, session: ConsoleSession): void {
  const secure = isSecure(dependencies);
  ctx.append('Set-Cookie', `${nameOf(secure)}=${dependencies.sealing.seal(purpose, JSON.stringify(session))}; ${attributes(secure)}`);
}

export function forgetSession(ctx: Context, dependencies: HttpDependencies): void {
  const secure = isSecure(dependencies);
  ctx.append('Set-Cookie', `${nameOf(secure)}=; ${attributes(secure)}; Max-Age=0`);
}

/** The one cookie of that name; more than one were not set by us. */
function cookieOf(ctx: Context, secure: boolean): string | null {
  const start = `${nameOf(secure)}=`;
  const found = ctx
    .get('cookie')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(start));
  return found.length === 1 ? (found[0]?.slice(start.length) ?? null) : null;
}

/** Which grant a browser shows, whether or not it still stands. */
export function sessionOf(ctx: Context, dependencies: HttpDependencies): (ConsoleSession & { readonly browser: Browser }) | null {
  const cookie = cookieOf(ctx, isSecure(dependencies));
  const opened = cookie === null ? null : dependencies.sealing.open(purpose, cookie);
  if (cookie === null || opened === null) return null;
  const session = Session.parse(JSON.parse(opened));
  return isOver(session, dependencies.clock.now()) ? null : { ...session, browser: { digest: sha256(cookie) } };
}

/**
 * Who is signed in, asked anew every time: a role, a person, a workspace or a sign-in that no longer does ends it at once. Where the identity
 * provider is to be asked again and the time has come it is, as before a token is renewed; throws while it has not answered for too long.
 */
export async function signedIn(ctx: Context, dependencies: ConsoleDependencies): Promise<SignedIn | null> {
  const { authority, administration, clock, flows } = dependencies;
  const session = sessionOf(ctx, dependencies);
  const presence = session === null ? 'gone' : await flows.askAfter(session.grantId);
  if (presence === 'unknown') throw new PageRefusal('unconfirmed', 'nobody could say for too long whether the person is still there');
  const standing = session === null || presence === 'gone' ? null : await authority.standing(session.grantId);
  if (session === null || standing === null) return null;
  const { resource } = administration;
  if (standing.client.id !== consoleClientId || standing.resource !== resource.identifier) return null;
  if (!satisfies(standing.assurance, standing.demand, clock.now())) return null;
  const { grantId, browser } = session;
  return { grantId, browser, standing, scope: effectiveScopes(resource, standing, standing.scope) };
}
