import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { claimsToldAgain } from '../../src/domain/rule-claims.ts';
import { Secret } from '../../src/domain/secret.ts';
import type { Rechecked } from '../../src/ports/connector.ts';
import type { SupabaseSettingsInput } from '../../src/connectors/supabase-settings.ts';
import type { SupabaseProject } from '../support/supabase/project.ts';
import type { Person } from '../support/supabase/world.ts';
import { attempt } from './support.ts';
import { askedIn, connectTo, identityOf, openProject, socialLogin } from './supabase-support.ts';

let project: SupabaseProject;
let ana: Person;
beforeEach(async () => {
  project = await openProject();
  ana = project.addPerson({ email: 'ana@corp.example', password: 'CNRYpassword', app_metadata: { roles: ['eng'] } });
});
afterEach(async () => project.close());

const connector = (more: Partial<SupabaseSettingsInput> = {}) => connectTo(project, { isAskedAgain: true, ...more });

async function tokenOf(more: Partial<SupabaseSettingsInput> = {}): Promise<Secret<'upstream_token'>> {
  const token = identityOf(await socialLogin(project, connector(more))).session?.refresh_token;
  if (token === undefined || token === null) throw new Error('nothing to ask with');
  return token;
}

const known = (): { issuer: string; subject: string } => ({ issuer: `${project.url}/auth/v1`, subject: ana.id });
async function asked(token: Secret<'upstream_token'>, about = known(), more: Partial<SupabaseSettingsInput> = {}): Promise<Rechecked> {
  const answer = await connector(more).recheck?.(token, about);
  if (answer === undefined) throw new Error('cannot be asked');
  expect(JSON.stringify(answer)).not.toMatch(/CNRY|eyJ/);
  return answer;
}
const nextToken = (answer: Rechecked): Secret<'upstream_token'> => {
  if (answer.answer !== 'stands') throw new Error(`it ${answer.answer}`);
  return answer.refresh_token;
};

describe('a sign-in at a project that is to be asked again', () => {
  it('leaves its one session open, by its name, and one that is not leaves none', async () => {
    const { session } = identityOf(await socialLogin(project, connector()));
    expect([...project.sessions.keys()]).toEqual([session?.sid]);
    expect(identityOf(await socialLogin(project, connectTo(project)))).not.toHaveProperty('session');
    expect(project.sessions.size).toBe(1);
  });

  it('leaves none of somebody it refuses, before or after a second step', async () => {
    const strict = connector({ requireAal2: true });
    await expect(socialLogin(project, strict)).rejects.toMatchObject({ refusal: 'cancelled' });
    expect(project.sessions.size).toBe(0);
    const factor = project.addFactor(ana);
    project.settings.claims = (claims) => ({ ...claims, amr: [{ method: 'oauth', timestamp: 1 }] });
    const { memory } = askedIn(await socialLogin(project, strict));
    await expect(strict.answer({ code: project.codeOf(factor) }, memory, attempt())).rejects.toMatchObject({ refusal: 'cancelled' });
    expect(project.sessions.size).toBe(0);
  });

  it('gives the token of the session that rose, not of the one before', async () => {
    const factor = project.addFactor(ana);
    const turn = await socialLogin(project, connector());
    const trip = attempt();
    const risen = await connector().answer({ code: project.codeOf(factor) }, askedIn(turn).memory, trip);
    const token = identityOf(risen).session?.refresh_token;
    if (token === undefined || token === null) throw new Error('nothing to ask with');
    expect(await asked(token)).toMatchObject({ answer: 'stands', groups: ['eng'] });
  });
});

describe('asking a project again', () => {
  it('hears that the session stands, with the next token and the groups of now', async () => {
    let token = await tokenOf();
    ana.app_metadata = { roles: ['eng', 'ops'] };
    for (let round = 0; round < 3; round += 1) {
      const answer = await asked(token);
      expect(answer).toMatchObject({ answer: 'stands', groups: ['eng', 'ops'] });
      const next = nextToken(answer);
      expect(next.reveal()).not.toBe(token.reveal());
      token = next;
    }
    expect(project.sessions.size).toBe(1);
  });

  it('tells unknown groups from none, and tells none where none are looked for', async () => {
    const token = await tokenOf();
    ana.app_metadata = { roles: 7 };
    const unknown = await asked(token);
    expect(unknown).toMatchObject({ answer: 'stands', groups: null });
    ana.app_metadata = { roles: [] };
    const none = await asked(nextToken(unknown));
    expect(none).toMatchObject({ answer: 'stands', groups: [] });
    expect(await asked(nextToken(none), known(), { claims: {} })).toMatchObject({ groups: [] });
  });

  it('hears what `app_metadata` says now, in a token that leaves nothing out, and what is gone from it is gone', async () => {
    ana.app_metadata = { roles: ['eng'], department: 'sales' };
    const before = await asked(await tokenOf());
    const pointers = ['/app_metadata/department', '/user_metadata/department'];
    const told = (answer: Rechecked) => (answer.answer === 'stands' ? claimsToldAgain(pointers, answer) : null);
    expect([told(before), before]).toMatchObject([{ '/app_metadata/department': ['sales'] }, { leavesOut: [] }]);
    ana.app_metadata = { roles: ['eng'] };
    expect(told(await asked(nextToken(before)))).toEqual({ '/app_metadata/department': [] });
  });

  it('survives an answer that was lost on the way: the token of before is good once more [Q-SUPABASE-31]', async () => {
    const token = await tokenOf();
    await asked(token);
    expect(await asked(token)).toMatchObject({ answer: 'stands' });
  });

  it('hears that the person was banned [Q-SUPABASE-33]', async () => {
    const token = await tokenOf();
    ana.banned = true;
    expect(await asked(token)).toMatchObject({ answer: 'over', reason: expect.stringContaining('user_banned') });
  });

  it('hears that the session is over, and does not take it for a word about the person [Q-SUPABASE-34]', async () => {
    const token = await tokenOf();
    const gotrue = { apikey: project.publishableKey, 'content-type': 'application/json' };
    const body = JSON.stringify({ email: 'ana@corp.example', password: 'CNRYpassword' });
    const session = await fetch(`${project.url}/auth/v1/token?grant_type=password`, { method: 'POST', headers: gotrue, body });
    const { access_token } = (await session.json()) as { access_token: string };
    await fetch(`${project.url}/auth/v1/logout`, { method: 'POST', headers: { ...gotrue, authorization: `Bearer ${access_token}` } });
    expect(await asked(token)).toMatchObject({ answer: 'must-sign-in', reason: expect.stringContaining('refresh_token_not_found') });
  });

  it('takes an answer about somebody else, or of another project, for the end', async () => {
    const other = project.addPerson({ email: 'bo@corp.example', password: 'CNRYpassword', app_metadata: { roles: [] } });
    const token = await tokenOf();
    expect(await asked(token, { ...known(), subject: other.id })).toMatchObject({ answer: 'over' });
    expect(await asked(await tokenOf(), { ...known(), issuer: 'https://elsewhere.example/auth/v1' })).toMatchObject({ answer: 'over' });
  });

  it.each<[string, number, string | null, Rechecked['answer']]>([
    ['a limit', 429, 'over_request_rate_limit', 'unanswered'],
    ['two at once', 409, 'conflict', 'unanswered'],
    ['a failing server', 500, 'unexpected_failure', 'unanswered'],
    ['a gateway in the way', 502, null, 'unanswered'],
    ['a key that is no longer good', 401, null, 'misconfigured'],
    ['a session that grew too old', 400, 'session_expired', 'must-sign-in'],
    ['a token from long ago', 400, 'refresh_token_already_used', 'must-sign-in'],
    ['somebody who was deleted', 403, 'user_not_found', 'over'],
  ])('tells %s', async (_what, status, code, answer) => {
    const token = await tokenOf();
    const headers = { 'content-type': 'application/json', ...(code === null ? {} : { 'x-sb-error-code': code }) };
    project.raw = { '/token': (_request, response) => void response.writeHead(status, headers).end('{}') };
    expect(await asked(token)).toMatchObject({ answer });
  });

  it('believes no answer that is not signed by the project', async () => {
    const token = await tokenOf();
    const body = JSON.stringify({ access_token: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.', refresh_token: 'CNRYnext' });
    project.raw = { '/token': (_request, response) => void response.writeHead(200).end(body) };
    expect(await asked(token)).toMatchObject({ answer: 'unanswered' });
  });
});
