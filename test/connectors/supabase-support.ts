import { openSupabaseConnector } from '../../src/connectors/supabase.ts';
import type { SupabaseSettingsInput } from '../../src/connectors/supabase-settings.ts';
import type { VerifiedIdentity } from '../../src/domain/identity.ts';
import { ConnectionId } from '../../src/domain/ids.ts';
import type { Question } from '../../src/domain/question.ts';
import { Secret } from '../../src/domain/secret.ts';
import type { UpstreamAttempt } from '../../src/domain/upstream-attempt.ts';
import type { ConversingConnector, Turn } from '../../src/ports/connector.ts';
import { openSupabase, type SupabaseProject } from '../support/supabase/project.ts';
import type { ProjectSettings } from '../support/supabase/world.ts';
import { attempt } from './support.ts';

export const callback = 'http://localhost:4000/callback/corp';

/** A project that lets people come back to us. */
export const openProject = async (given: Partial<ProjectSettings> = {}): Promise<SupabaseProject> =>
  openSupabase({ redirectUrls: [`${callback}/**`], ...given });

export function settingsOf(project: SupabaseProject, more: Partial<SupabaseSettingsInput> = {}): SupabaseSettingsInput {
  return {
    id: ConnectionId.parse('corp'),
    name: 'Corp',
    projectUrl: project.url,
    publishableKey: new Secret<'publishableKey'>(project.publishableKey),
    redirect_uri: callback,
    methods: ['google'],
    claims: { roles: '/roles' },
    ...more,
  };
}

export function connectTo(project: SupabaseProject, more: Partial<SupabaseSettingsInput> = {}): ConversingConnector {
  return openSupabaseConnector(settingsOf(project, more), { clock: project, fetch: (url, request) => fetch(url, request as RequestInit) });
}

export interface Visit {
  readonly login?: string;
  readonly decision?: 'allow' | 'deny';
  /** Between the social identity provider and GoTrue; ms. */
  readonly dawdle?: number;
}

const next = async (url: URL): Promise<URL> => new URL((await fetch(url, { redirect: 'manual' })).headers.get('location') ?? '');

/** Where a browser ends that is sent to `url`: at our callback, unless GoTrue thinks otherwise. */
export async function landing(project: SupabaseProject, url: URL, visit: Visit = {}): Promise<URL> {
  const page = await next(url);
  const done = new URL(`${page.pathname}/done`, page);
  const { login = 'ana@corp.example', decision = 'allow', dawdle = 0 } = visit;
  done.search = new URLSearchParams({ state: page.searchParams.get('state') ?? '', login, decision }).toString();
  const back = await next(done);
  project.advance(dawdle);
  return next(back);
}

/** What our callback makes of where the browser landed: the state is the last part of its path. */
export function answerAt(landed: URL): URLSearchParams {
  const answer = new URLSearchParams(landed.search);
  const state = landed.href.startsWith(`${callback}/`) ? landed.pathname.split('/').at(-1) : undefined;
  if (state !== undefined) answer.append('state', state);
  return answer;
}

export function urlOf(turn: Turn): URL {
  if (turn.turn !== 'leave') throw new Error(`expected to leave, got ${turn.turn}`);
  return turn.url;
}

export function identityOf(turn: Turn): VerifiedIdentity {
  if (turn.turn !== 'identified') throw new Error(`expected an identity, got ${JSON.stringify(turn)}`);
  return turn.identity;
}

export function askedIn(turn: Turn): { question: Question; memory: string } {
  if (turn.turn !== 'ask') throw new Error(`expected a question, got ${turn.turn}`);
  return turn;
}

/** One social login from the button to the turn after it. */
export async function socialLogin(
  project: SupabaseProject,
  connector: ConversingConnector,
  visit: Visit = {},
  trip: UpstreamAttempt = attempt(),
): Promise<Turn> {
  const url = urlOf(await connector.begin(trip));
  return connector.complete(answerAt(await landing(project, url, visit)), trip);
}
