import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sha256 } from '../../src/domain/digest.ts';
import { ConnectionId } from '../../src/domain/ids.ts';
import type { TransactionId } from '../../src/domain/ids.ts';
import { LoginRefused } from '../../src/ports/connector.ts';
import { grants, identities, transactions, users } from '../../src/stores/collections.ts';
import { rolesNow } from '../support/roles-now.ts';
import type { FlowWorld } from '../support/flow-world.ts';
import { alice, asked, browser, openFlowWorld, proven, registered, signIn } from '../support/flow-world.ts';
import { secondFactor } from '../support/assurance.ts';

let world: FlowWorld;
beforeAll(async () => {
  world = await openFlowWorld();
});
afterAll(() => world.close());

const demo = ConnectionId.parse('demo');
const page = (kind: string) => expect.objectContaining({ name: 'PageRefusal', kind });
const begin = (changed: Record<string, string | undefined> = {}) => world.flows.begin(asked(registered(world), changed), browser);
const stageOf = async (id: TransactionId) => (await world.transactions.get(id))?.stage;
const stepOf = async (id: TransactionId) => (await world.flows.continue(id, browser)).step;
const count = async (collection: typeof grants | typeof users | typeof identities | typeof transactions) =>
  (await world.engine.page(collection, { limit: 1000 })).length;

/** On the way upstream, with the answer that would be honest. */
async function underWay(id: TransactionId): Promise<URLSearchParams> {
  await world.flows.beginLogin({ id, browser, connectionId: demo, purpose: 'sign-in' });
  world.connector.says = alice();
  return new URLSearchParams({ code: 'c', state: world.connector.attempts.at(-1)?.state ?? '' });
}

describe('an authorization request', () => {
  it('is frozen once: what the later steps read is what was validated', async () => {
    const id = await begin({ scope: 'read unknown offline_access', login_hint: 'alice' });
    const { request, stage, expiresAt, createdAt } = (await world.transactions.get(id)) ?? {};
    expect(request).toMatchObject({
      scope: ['read'],
      asked: ['read', 'unknown', 'offline_access'],
      resourceId: 'notes',
      state: 's',
      code_challenge: sha256('v'.repeat(43)),
      login_hint: 'alice',
      offlineAccess: true,
    });
    expect(stage).toEqual({ at: 'choosing', notice: null });
    expect((expiresAt ?? 0) - (createdAt ?? 0)).toBe(600_000);
  });

  it.each([
    ['a moment before ten minutes are over', 599_999, true],
    ['at ten minutes', 600_000, false],
  ])('is open until its end: %s [W184]', async (_, wait, open) => {
    const id = await begin();
    world.clock.advance(wait);
    if (open) expect(await stepOf(id)).toMatchObject({ step: 'choose-connection' });
    else await expect(stepOf(id)).rejects.toEqual(page('expired'));
    expect(await world.transactions.get(id)).not.toBeNull();
  });

  it('belongs to the browser that began it, at every step', async () => {
    const id = await begin();
    const other = sha256('another browser');
    await expect(world.flows.continue(id, other)).rejects.toEqual(page('other-browser'));
    await expect(world.flows.beginLogin({ id, browser: other, connectionId: demo, purpose: 'sign-in' })).rejects.toEqual(
      page('other-browser'),
    );
    await signIn(world, id);
    const decision = { decision: 'approve' as const, tenant: 'acme', scope: ['read'] };
    await expect(world.flows.consent(id, other, decision)).rejects.toEqual(page('other-browser'));
    await expect(world.flows.choose(id, other, 'globex')).rejects.toEqual(page('other-browser'));
    await expect(world.flows.stop(id, other)).rejects.toEqual(page('other-browser'));
    expect(await stepOf(id)).toMatchObject({ step: 'consent' });
  });
});

describe('the answer of the upstream', () => {
  it('settles who this is, once, and goes on to consent', async () => {
    const id = await begin();
    const answer = await underWay(id);
    expect(await world.flows.complete({ connectionId: demo, browser, answer })).toEqual({ id, renewed: false });
    expect(await stepOf(id)).toMatchObject({ step: 'consent', chosen: { tenant: { id: 'acme' }, roleNames: ['Editor'] } });
    expect(world.events.at(-1)).toMatchObject({ event: 'login.succeeded', rule: expect.stringContaining('group eng gives editor') });
    await expect(world.flows.complete({ connectionId: demo, browser, answer })).rejects.toEqual(page('expired'));
  });

  it('twice at once is judged once', async () => {
    const id = await begin();
    const answer = await underWay(id);
    const answers = await Promise.allSettled(
      Array.from({ length: 10 }, () => world.flows.complete({ connectionId: demo, browser, answer })),
    );
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it.each<[string, (answer: URLSearchParams) => void, string]>([
    ['another state', (answer) => answer.set('state', `${answer.get('state')?.split('.')[0] ?? ''}.${'x'.repeat(43)}`), 'expired'],
    ['no state', (answer) => answer.delete('state'), 'malformed-request'],
    ['an empty state', (answer) => answer.set('state', ''), 'malformed-request'],
    ['two states', (answer) => answer.append('state', answer.get('state') ?? ''), 'malformed-request'],
    ['a state of nobody', (answer) => answer.set('state', `${'n'.repeat(22)}.x`), 'expired'],
  ])('with %s is refused and the honest one still counts', async (_, change, kind) => {
    const id = await begin();
    const honest = await underWay(id);
    const answer = new URLSearchParams(honest);
    change(answer);
    await expect(world.flows.complete({ connectionId: demo, browser, answer })).rejects.toEqual(page(kind));
    await world.flows.complete({ connectionId: demo, browser, answer: honest });
    expect(await stepOf(id)).toMatchObject({ step: 'consent' });
  });

  it('in another browser ends the request, and nobody is signed in', async () => {
    const id = await begin();
    const answer = await underWay(id);
    await expect(world.flows.complete({ connectionId: demo, browser: sha256('another'), answer })).rejects.toEqual(page('other-browser'));
    expect(await stageOf(id)).toEqual({ at: 'stopped' });
    await expect(world.flows.complete({ connectionId: demo, browser, answer })).rejects.toEqual(page('expired'));
  });

  it('at the place of another connection is refused', async () => {
    const id = await begin();
    const answer = await underWay(id);
    const elsewhere = ConnectionId.parse('other');
    await expect(world.flows.complete({ connectionId: elsewhere, browser, answer })).rejects.toEqual(page('not-found'));
    await world.flows.complete({ connectionId: demo, browser, answer });
  });

  it.each<[ConstructorParameters<typeof LoginRefused>[0], string]>([
    ['cancelled', 'choosing'],
    ['unreachable', 'choosing'],
    ['untrustworthy', 'stopped'],
    ['misconfigured', 'stopped'],
    ['foreign', 'stopped'],
  ])('that is %s leaves the request %s, with nobody new and a record', async (refusal, at) => {
    const before = [await count(users), await count(identities)];
    const id = await begin();
    const answer = await underWay(id);
    world.connector.says = new LoginRefused(refusal, 'because');
    const completed = world.flows.complete({ connectionId: demo, browser, answer });
    const shown = refusal === 'foreign' ? 'foreign-account' : 'sign-in-untrustworthy';
    if (at === 'stopped') await expect(completed).rejects.toEqual(page(shown));
    else await completed;
    expect(await stageOf(id)).toMatchObject({ at });
    expect(world.events.at(-1)).toMatchObject({ event: 'login.refused', rule: refusal });
    expect([await count(users), await count(identities)]).toEqual(before);
  });

  it('that does not know the groups lets nobody in and makes nobody', async () => {
    const before = await count(users);
    const id = await begin();
    await expect(signIn(world, id, alice({ subject: 'new-person', groups: null }))).rejects.toEqual(page('groups-unknown'));
    expect(await count(users)).toBe(before);
    expect(world.events.at(-1)).toMatchObject({ event: 'login.refused', rule: 'groups-unknown' });
  });

  it('with no group of ours is a person without access, and the roles of before are gone', async () => {
    const id = await begin();
    await signIn(world, id, alice({ subject: 'leaver' }));
    const stage = await stageOf(id);
    if (stage?.at !== 'consenting') throw new Error('nobody has signed in');
    const roles = () => rolesNow({ engine: world.engine, tenants: world.directory.tenants, now: world.clock.now() }, stage.person.userId);
    expect(await roles()).toEqual({ acme: ['editor@demo'], globex: ['viewer@demo'] });
    const again = await begin();
    await signIn(world, again, alice({ subject: 'leaver', groups: [] }));
    expect(await stepOf(again)).toEqual({ step: 'no-access' });
    expect(await roles()).toEqual({});
  });
});

describe('a tenant that wants a second factor [AM-08]', () => {
  it('sends the person to prove it, and only the proof opens it', async () => {
    const id = await begin();
    await signIn(world, id);
    await world.flows.choose(id, browser, 'globex');
    expect(await stepOf(id)).toMatchObject({ step: 'prove-more', tenantId: 'globex' });
    const decision = { decision: 'approve' as const, tenant: 'globex', scope: ['read'] };
    expect(await world.flows.consent(id, browser, decision)).toBe('ask-again');
    await signIn(world, id, alice({ assurance: proven }), secondFactor);
    expect(world.connector.attempts.at(-1)).toMatchObject({ demand: { mfa: true }, login_hint: 'alice@demo.example' });
    expect(await stepOf(id)).toMatchObject({ step: 'consent', chosen: { tenant: { id: 'globex' } } });
    expect(await world.flows.consent(id, browser, decision)).toBe('recorded');
  });

  it('asked for and not proven is refused, not asked again for ever', async () => {
    const id = await begin();
    await signIn(world, id);
    await world.flows.choose(id, browser, 'globex');
    await signIn(world, id, alice(), secondFactor);
    expect(await stepOf(id)).toMatchObject({ step: 'unproven', tenant: { id: 'globex' }, lacks: ['second factor'], asker: 'tenant' });
  });

  it('proven by somebody else does not carry the choice of the first over', async () => {
    const id = await begin();
    await signIn(world, id);
    await world.flows.choose(id, browser, 'globex');
    await signIn(world, id, alice({ subject: 'demo-0009', groups: ['it-admins'], assurance: proven }), secondFactor);
    expect(await stepOf(id)).toMatchObject({ step: 'consent', chosen: { tenant: { id: 'acme' }, roleNames: ['Administrator'] } });
  });
});

describe('the decision', () => {
  const approve = { decision: 'approve' as const, tenant: 'acme', scope: ['read', 'write'] };

  it('is recorded once, however often the button is pressed', async () => {
    const before = await count(grants);
    const id = await begin();
    await signIn(world, id);
    const answers = await Promise.all(Array.from({ length: 10 }, () => world.flows.consent(id, browser, approve)));
    expect(answers.filter((answer) => answer === 'recorded')).toHaveLength(1);
    expect(await world.flows.consent(id, browser, { ...approve, decision: 'deny' })).toBe('answered');
    expect(await stageOf(id)).toMatchObject({ at: 'approved', scope: ['read', 'write'] });
    expect(await count(grants)).toBe(before + 1);
  });

  it.each<[string, Partial<typeof approve>, string]>([
    ['a tenant that was not on the page', { tenant: 'globex' }, 'changed-meanwhile'],
    ['a tenant of others', { tenant: 'initech' }, 'changed-meanwhile'],
    ['a scope that was not asked for', { scope: ['read', 'admin'] }, 'changed-meanwhile'],
    ['no scope', { scope: [] }, 'nothing-chosen'],
  ])('for %s is asked again, and no grant is made', async (_, changed, notice) => {
    const before = await count(grants);
    const id = await begin();
    await signIn(world, id);
    expect(await world.flows.consent(id, browser, { ...approve, ...changed })).toBe('ask-again');
    expect(await stageOf(id)).toMatchObject({ at: 'consenting', notice });
    expect(await count(grants)).toBe(before);
    expect(await world.flows.consent(id, browser, approve)).toBe('recorded');
  });

  it('of somebody whose role went meanwhile is asked again', async () => {
    const id = await begin();
    await signIn(world, id, alice({ subject: 'demoted' }));
    const other = await begin();
    await signIn(world, other, alice({ subject: 'demoted', groups: ['sales'] }));
    expect(await world.flows.consent(id, browser, approve)).toBe('ask-again');
  });

  it('no is no: nothing is made, and it stays no', async () => {
    const before = await count(grants);
    const id = await begin();
    await signIn(world, id);
    expect(await world.flows.consent(id, browser, { ...approve, decision: 'deny' })).toBe('recorded');
    expect(await world.flows.consent(id, browser, approve)).toBe('answered');
    expect(await count(grants)).toBe(before);
    expect(world.events.at(-1)).toMatchObject({ event: 'consent.denied' });
  });
});
