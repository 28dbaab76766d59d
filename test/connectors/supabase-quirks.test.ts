/** What GoTrue's sessions say beyond what is refused, which is in supabase-login.test.ts. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SupabaseProject } from '../support/supabase/project.ts';
import type { Json } from '../support/supabase/world.ts';
import { attempt, refusalOf } from './support.ts';
import { askedIn, connectTo, identityOf, openProject, socialLogin } from './supabase-support.ts';

let project: SupabaseProject;
beforeEach(async () => {
  project = await openProject();
});
afterEach(async () => project.close());

const email = 'ana@corp.example';
const person = () => project.addPerson({ email, password: 'CNRYpassword', app_metadata: { roles: ['eng'] } });
const signedIn = async () => identityOf(await socialLogin(project, connectTo(project)));

describe('a session of GoTrue', () => {
  it('[Q-SUPABASE-25] may have claims that a hook of the project put there, and none of them counts', async () => {
    person();
    project.settings.claims = (claims: Json) => ({ ...claims, roles: ['admin'], acr: 'aal2', mfa: true, nested: { deep: [1] } });
    expect(await signedIn()).toMatchObject({ groups: ['eng'], assurance: { mfa: false } });
    project.settings.claims = ({ session_id: _gone, ...claims }: Json) => claims;
    expect((await refusalOf(socialLogin(project, connectTo(project)))).refusal).toBe('untrustworthy');
  });

  it('[Q-SUPABASE-27] dates each method, and the latest is the time of the sign-in in whatever order they come', async () => {
    person();
    const now = Math.floor(project.now() / 1000);
    const [older, newer] = [
      { method: 'password', timestamp: now - 90 },
      { method: 'totp', timestamp: now - 30 },
    ];
    for (const amr of [
      [newer, older],
      [older, newer],
    ]) {
      project.settings.claims = (claims: Json) => ({ ...claims, aal: 'aal2', amr });
      expect((await signedIn()).assurance).toMatchObject({ mfa: true, auth_time: now - 30, authTimeSource: 'amr_timestamp' });
    }
    project.settings.claims = (claims: Json) => ({ ...claims, amr: ['password'] });
    expect((await refusalOf(socialLogin(project, connectTo(project)))).refusal).toBe('untrustworthy');
  });

  it('[Q-SUPABASE-18] is raised by a code that was typed long after the question: the challenge is made when the answer is there', async () => {
    const factor = project.addFactor(person());
    const connector = connectTo(project, { methods: ['password'] });
    const trip = attempt();
    const fields = { way: 'password', email, password: 'CNRYpassword' };
    const asked = await connector.answer(fields, askedIn(await connector.begin(trip)).memory, trip);
    project.advance(301_000);
    const raised = await connector.answer({ code: project.codeOf(factor) }, askedIn(asked).memory, trip);
    expect(identityOf(raised).assurance.mfa).toBe(true);
  });
});

describe('an address', () => {
  it.each([
    [['azure'], null],
    [['azure', 'email'], 'ana@corp.example'],
    [['google'], 'ana@corp.example'],
    [[], 'ana@corp.example'],
    [undefined, 'ana@corp.example'],
  ])('is not shown on the word of a Microsoft directory alone (%j): %s [Q-SUPABASE-30]', async (providers, email) => {
    project.addPerson({ email: 'ana@corp.example', app_metadata: { roles: ['eng'], ...(providers === undefined ? {} : { providers }) } });
    expect(identityOf(await socialLogin(project, connectTo(project))).email).toBe(email);
  });
});
