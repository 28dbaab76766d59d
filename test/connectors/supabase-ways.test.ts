import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConversingConnector, Turn } from '../../src/ports/connector.ts';
import type { SupabaseProject } from '../support/supabase/project.ts';
import type { Factor, Person } from '../support/supabase/world.ts';
import { attempt, refusalOf } from './support.ts';
import { askedIn, connectTo, identityOf, openProject, socialLogin, urlOf } from './supabase-support.ts';

let project: SupabaseProject;
beforeEach(async () => {
  project = await openProject();
});
afterEach(async () => project.close());

const email = 'ana@corp.example';
const person = (more: Partial<Person> = {}) =>
  project.addPerson({ email, password: 'CNRYpassword', app_metadata: { roles: ['eng'] }, ...more });
const all = () => connectTo(project, { methods: ['password', 'email_otp', 'google'] });
const trip = attempt();

async function answerTo(connector: ConversingConnector, turn: Turn, fields: Record<string, string>): Promise<Turn> {
  return connector.answer(fields, askedIn(turn).memory, trip);
}
const byPassword = async (connector: ConversingConnector, password = 'CNRYpassword', who = email) =>
  answerTo(connector, await connector.begin(trip), { way: 'password', email: who, password });
const problemIn = (turn: Turn) => askedIn(turn).question.problem;

describe('how it begins', () => {
  it('is a page with every way on it, or the one site it leads to', async () => {
    expect(askedIn(await all().begin(attempt({ login_hint: email }))).question).toEqual({
      ask: 'who',
      password: true,
      mailedCode: true,
      elsewhere: [{ way: 'google', name: 'Google' }],
      email,
      problem: null,
    });
    expect((await connectTo(project).begin(trip)).turn).toBe('leave');
    const two = await connectTo(project, { methods: ['google', 'azure'] }).begin(trip);
    expect(askedIn(two).question).toMatchObject({
      password: false,
      mailedCode: false,
      elsewhere: [{ name: 'Google' }, { name: 'Microsoft' }],
    });
  });

  it('offers no site where a fresh sign-in is wanted, and follows to one that was chosen [Q-SUPABASE-42]', async () => {
    expect(askedIn(await all().begin(attempt({ prompt: 'login' }))).question).toMatchObject({ password: true, elsewhere: [] });
    const fresh = attempt({ prompt: 'login' });
    expect(problemIn(await all().answer({ way: 'google' }, askedIn(await all().begin(fresh)).memory, fresh))).toBe('no-match');
    const connector = all();
    const chosen = await answerTo(connector, await connector.begin(trip), { way: 'google' });
    expect(urlOf(chosen).searchParams.get('provider')).toBe('google');
    expect(problemIn(await answerTo(connector, await connector.begin(trip), { way: 'github' }))).toBe('no-match');
  });
});

describe('a password', () => {
  it('signs somebody in, and leaves no session [Q-SUPABASE-10]', async () => {
    const { id } = person();
    const begun = Math.floor(project.now() / 1000);
    const identity = identityOf(await byPassword(all()));
    expect(identity).toMatchObject({ subject: id, email, groups: ['eng'], assurance: { mfa: false, amr: ['pwd'], acr: 'aal1' } });
    expect(identity.assurance.auth_time).toBeGreaterThanOrEqual(begun);
    expect(identity.assurance.auth_time).toBeLessThanOrEqual(project.now() / 1000);
    expect(project.sessions.size).toBe(0);
  });

  it.each([
    ['wrong', 'CNRYother', email],
    ['of nobody', 'CNRYpassword', 'eve@corp.example'],
    ['for no address', 'CNRYpassword', 'not an address'],
    ['empty', '', email],
  ])('that is %s is asked for again', async (_what, password, who) => {
    person();
    const again = await byPassword(all(), password, who);
    expect(askedIn(again).question).toMatchObject({ ask: 'who', problem: 'no-match', email: who });
    expect(JSON.stringify(again)).not.toContain('CNRY');
  });

  it('of somebody banned looks like a wrong one, whether or not it is', async () => {
    person({ banned: true });
    expect(await byPassword(all())).toEqual(await byPassword(all(), 'CNRYother'));
  });

  it('is not taken where the connection has no passwords', async () => {
    person();
    const connector = connectTo(project, { methods: ['email_otp'] });
    expect(problemIn(await byPassword(connector))).toBe('no-match');
    expect(project.count('/token')).toBe(0);
  });

  it('that cannot be judged just now is nobody’s fault', async () => {
    project.raw = { '/token': (_q, response) => void response.writeHead(429, { 'x-sb-error-code': 'over_request_rate_limit' }).end() };
    expect(await refusalOf(byPassword(all()))).toMatchObject({ refusal: 'unreachable' });
  });
});

describe('a mailed code', () => {
  const mailed = async (connector: ConversingConnector, who = email) =>
    answerTo(connector, await connector.begin(trip), { way: 'email_otp', email: who });

  it('signs somebody in once, spaces or not', async () => {
    person({ password: null });
    const connector = all();
    const asked = await mailed(connector);
    expect(askedIn(asked).question).toEqual({ ask: 'code', from: 'mail', email, problem: null });
    const token = project.mailbox.at(-1)?.token ?? '';
    expect(problemIn(await answerTo(connector, asked, { code: '000000' }))).toBe('no-match');
    const code = `${token.slice(0, 3)} ${token.slice(3)}`;
    expect(identityOf(await answerTo(connector, asked, { code })).assurance.amr).toEqual(['otp']);
    expect(problemIn(await answerTo(connector, asked, { code }))).toBe('no-match');
    expect(project.sessions.size).toBe(0);
  });

  it('is said to be on its way whether or not anybody is known by the address, and nobody is made [Q-SUPABASE-11]', async () => {
    person();
    const connector = all();
    const words = async (who: string) => JSON.stringify(await mailed(connector, who)).replaceAll(who, 'X');
    expect(await words('eve@corp.example')).toBe(await words(email));
    expect(project.mailbox.map(({ to }) => to)).toEqual([email]);
    // Asked for again within the minute: the first one still counts, and nothing tells who is known.
    expect(await words(email)).toBe(await words('eve@corp.example'));
    expect(identityOf(await answerTo(connector, await mailed(connector), { code: project.mailbox[0]?.token ?? '' })).email).toBe(email);
  });

  it('is worth nothing an hour later', async () => {
    person();
    const connector = all();
    const asked = await mailed(connector);
    project.advance(3_600_000);
    expect(problemIn(await answerTo(connector, asked, { code: project.mailbox.at(-1)?.token ?? '' }))).toBe('no-match');
  });
});

describe('a second factor', () => {
  let factor: Factor;
  let ana: Person;
  beforeEach(() => {
    ana = person();
    factor = project.addFactor(ana);
  });

  it('is asked of whoever has one, and raises the session that is then proven and signed out [S3.07] [Q-SUPABASE-14]', async () => {
    const connector = all();
    const asked = await byPassword(connector);
    expect(askedIn(asked).question).toEqual({ ask: 'code', from: 'app', email, problem: null });
    expect(problemIn(await answerTo(connector, asked, { code: '000000' }))).toBe('no-match');
    const begun = Math.floor(project.now() / 1000);
    const { assurance } = identityOf(await answerTo(connector, asked, { code: project.codeOf(factor) }));
    const [level, proof] = assurance.evidence;
    expect(assurance).toMatchObject({ mfa: true, acr: 'aal2', amr: ['otp', 'pwd'] });
    expect([level, proof]).toEqual(['aal=aal2', expect.stringMatching(/^amr=totp at \d+$/)]);
    const at = Number(proof?.split(' ').at(-1));
    expect(at).toBeGreaterThanOrEqual(begun);
    expect(at).toBeLessThanOrEqual(project.now() / 1000);
    expect(project.sessions.size).toBe(0);
  });

  it('is asked for after a social sign-in and after a mailed code as well', async () => {
    const connector = all();
    const asked = await socialLogin(project, connectTo(project));
    expect(identityOf(await answerTo(connector, asked, { code: project.codeOf(factor) })).assurance.amrAsSaid).toEqual(['totp', 'oauth']);
  });

  it('may be any of several', async () => {
    const second = project.addFactor(ana);
    const connector = all();
    expect(identityOf(await answerTo(connector, await byPassword(connector), { code: project.codeOf(second) })).assurance.mfa).toBe(true);
  });

  it('is refused with a reason for the administrator when GoTrue sees us at two addresses [Q-SUPABASE-15]', async () => {
    const connector = all();
    const asked = await byPassword(connector);
    project.seenAs = (count) => `192.0.2.${String(count % 250)}`;
    const refused = await refusalOf(answerTo(connector, asked, { code: project.codeOf(factor) }));
    expect(refused.refusal).toBe('misconfigured');
    expect(refused.reason).toContain('give this installation one outgoing address');
  });

  it('shown elsewhere meanwhile ends this session, which is no word about the person [Q-SUPABASE-17]', async () => {
    const connector = all();
    const [mine, theirs] = [await byPassword(connector), await byPassword(connector)];
    identityOf(await answerTo(connector, theirs, { code: project.codeOf(factor) }));
    const refused = await refusalOf(answerTo(connector, mine, { code: project.codeOf(factor) }));
    expect(refused).toEqual({ refusal: 'cancelled', reason: 'challenge: session_not_found with status 403' });
  });

  it('keeps its question while GoTrue is busy, and ends what it holds when it is left', async () => {
    const connector = all();
    const asked = await byPassword(connector);
    expect(project.sessions.size).toBe(1);
    for (let i = 0; i < 15; i += 1) await answerTo(connector, asked, { code: '000000' });
    expect((await refusalOf(answerTo(connector, asked, { code: project.codeOf(factor) }))).refusal).toBe('unreachable');
    project.advance(60_000);
    expect((await answerTo(connector, asked, { code: project.codeOf(factor) })).turn).toBe('identified');
    const left = await byPassword(connector);
    await connector.abandon(askedIn(left).memory);
    expect(project.sessions.size).toBe(0);
  });

  it('of another person is not taken for this one’s', async () => {
    const eve = project.addPerson({ email: 'eve@corp.example', password: 'CNRYpassword' });
    const connector = all();
    const [mine, theirs] = [askedIn(await byPassword(connector)), await byPassword(connector, 'CNRYpassword', 'eve@corp.example')];
    identityOf(theirs);
    project.settings.claims = (claims) => (claims['aal'] === 'aal2' ? { ...claims, sub: eve.id } : claims);
    const refused = await refusalOf(connector.answer({ code: project.codeOf(factor) }, mine.memory, trip));
    expect(refused).toEqual({ refusal: 'untrustworthy', reason: 'verify: not the session that was to rise' });
  });

  it('can be required: whoever has none is refused, and a phone is none that can be asked for here [Q-SUPABASE-20]', async () => {
    project.addFactor(person({ email: 'bob@corp.example' }), 'phone');
    const connector = connectTo(project, { methods: ['password'], requireAal2: true });
    expect(await refusalOf(byPassword(connector, 'CNRYpassword', 'bob@corp.example'))).toEqual({
      refusal: 'cancelled',
      reason: 'session: requireAal2, and this person has no factor that can be asked for',
    });
    expect(project.sessions.size).toBe(0);
    const asked = await byPassword(connector);
    expect(identityOf(await answerTo(connector, asked, { code: project.codeOf(factor) })).assurance.mfa).toBe(true);
  });
});
