import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Config } from '../../src/config/schema.ts';
import { noDemand } from '../../src/domain/assurance-demand.ts';
import type { TransactionId } from '../../src/domain/ids.ts';
import type { ProofWanted, Step } from '../../src/domain/next-step.ts';
import { LoginRefused } from '../../src/ports/connector.ts';
import { grants } from '../../src/stores/collections.ts';
import { alice, approve, asked, browser, openFlowWorld, proven, redeem, refresh, registered, signIn } from '../support/flow-world.ts';
import type { FlowWorld } from '../support/flow-world.ts';

const mfa = { mfa: true, phishingResistant: false };

/** The demonstration, where writing wants a second factor. */
const configure = (config: Config): Config => ({
  ...config,
  resources: config.resources.map((resource) => ({
    ...resource,
    scopes: resource.scopes.map((scope) => (scope.name === 'write' ? { ...scope, require: mfa } : scope)),
  })),
});

let world: FlowWorld;
let client_id: string;
beforeAll(async () => {
  world = await openFlowWorld({ configure });
  client_id = registered(world);
});
beforeEach(() => {
  world.connector.attempts.length = 0;
});
afterAll(() => world.close());

const begin = (changed: Record<string, string> = {}): Promise<TransactionId> => world.flows.begin(asked(client_id, changed), browser);
const stepOf = async (id: TransactionId): Promise<Step> => (await world.flows.continue(id, browser)).step;
async function wanted(id: TransactionId): Promise<ProofWanted> {
  const step = await stepOf(id);
  if (step.step !== 'prove-more') throw new Error(`no proof is wanted, but ${step.step}`);
  return step.wanted;
}
const demo = alice().connectionId;
const count = async (): Promise<number> => (await world.engine.page(grants, { limit: 1000 })).length;

describe('a scope that wants a second factor', () => {
  it('is one trip, however often the page is opened at once, and opens with the proof', async () => {
    const id = await begin();
    await signIn(world, id);
    const purpose = await wanted(id);
    expect(purpose).toEqual({ demand: { ...noDemand, mfa: true }, afresh: false, optional: true });
    const started = await Promise.all(
      Array.from({ length: 5 }, () => world.flows.beginLogin({ id, browser, connectionId: demo, purpose })),
    );
    expect(started.every(({ to }) => to === 'upstream')).toBe(true);
    // Whoever came second was sent on the same trip: one answer, one state.
    const state = world.connector.attempts.at(-1)?.state ?? '';
    world.connector.says = alice({ assurance: proven });
    const states = [...new Set(world.connector.attempts.slice(1).map((attempt) => attempt.state))];
    const taken = await Promise.allSettled(
      states.map((each) => world.flows.complete({ connectionId: demo, browser, answer: new URLSearchParams({ state: each, code: 'c' }) })),
    );
    expect(state).not.toBe('');
    expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await stepOf(id)).toMatchObject({ step: 'consent', offered: ['read', 'write'] });
  });

  it('not proven is withheld, and ticking it all the same makes nothing, however often', async () => {
    const before = await count();
    const id = await begin();
    await signIn(world, id);
    await signIn(world, id, alice(), await wanted(id));
    expect(await stepOf(id)).toMatchObject({ step: 'consent', offered: ['read'], withheld: new Map([['write', ['second factor']]]) });
    const decision = { decision: 'approve' as const, tenant: 'acme', scope: ['read', 'write'] };
    const answers = await Promise.all(Array.from({ length: 5 }, () => world.flows.consent(id, browser, decision)));
    expect([new Set(answers), await count()]).toEqual([new Set(['ask-again']), before]);
    expect(await world.flows.consent(id, browser, { ...decision, scope: ['read'] })).toBe('recorded');
    expect(await count()).toBe(before + 1);
  });

  it.each(['cancelled', 'unreachable'] as const)('leaves workspace and the rest as they were when the trip is %s', async (refusal) => {
    const id = await begin();
    const mover = { subject: 'mover', groups: ['eng', 'support'] };
    await signIn(world, id, alice(mover));
    await world.flows.choose(id, browser, 'initech');
    // A viewer there cannot be given it, so nothing is asked.
    expect(await stepOf(id)).toMatchObject({ step: 'consent', offered: ['read'], withheld: new Map() });
    await world.flows.choose(id, browser, 'acme');
    const purpose = await wanted(id);
    await world.flows.beginLogin({ id, browser, connectionId: demo, purpose });
    world.connector.says = new LoginRefused(refusal, 'the test says so');
    const answer = new URLSearchParams({ state: world.connector.attempts.at(-1)?.state ?? '', error: 'access_denied' });
    await world.flows.complete({ connectionId: demo, browser, answer });
    const step = await stepOf(id);
    expect(step).toMatchObject({ step: 'consent', chosen: { tenant: { id: 'acme' } }, offered: ['read'] });
    expect((await world.transactions.get(id))?.stage).toMatchObject({ tenantId: 'acme' });
    // An empty answer is asked again, and nobody is sent away for it.
    expect(await world.flows.consent(id, browser, { decision: 'approve', tenant: 'acme', scope: [] })).toBe('ask-again');
    expect((await stepOf(id)).step).toBe('consent');
  });

  it('proven by somebody else is theirs', async () => {
    const id = await begin();
    await signIn(world, id);
    await signIn(world, id, alice({ subject: 'demo-0009', groups: ['support'], assurance: proven }), await wanted(id));
    expect(await stepOf(id)).toMatchObject({ step: 'consent', chosen: { tenant: { id: 'initech' } }, offered: ['read'] });
  });
});

describe('tokens', () => {
  it('carry a scope as long as the sign-in is proof enough for it, and say which are left', async () => {
    const approved = await approve(world, { says: alice({ assurance: proven }), client_id });
    const tokens = await redeem(world, approved);
    expect(tokens.scope).toBe('read write');
    const stage = (await world.transactions.get(approved.id))?.stage;
    const id = stage?.at === 'approved' ? stage.grantId : '';
    // As a row was before anybody noted more: the second factor of it still counts, and nothing else.
    const { mfa: hadMfa, acr, amr, evidence, auth_time } = proven;
    await world.engine.updateIf(grants, id, {}, { set: { assurance: { auth_time, acr, amr, mfa: hadMfa, evidence } } }, 'after');
    const again = await refresh(world, client_id, tokens);
    expect(again.scope).toBe('read write');
    await world.engine.updateIf(grants, id, {}, { set: { assurance: { auth_time, acr, amr, mfa: false, evidence: [] } } }, 'after');
    expect((await refresh(world, client_id, again)).scope).toBe('read');
    expect(world.events.at(-1)).toMatchObject({ event: 'token.refreshed', scope: ['read'] });
  });
});

describe('a tenant and a resource that demand more than a grant proved', () => {
  it.each<[string, (config: Config) => Config]>([
    ['tenant', (config) => ({ ...config, tenants: config.tenants.map((tenant) => ({ ...tenant, require: mfa })) })],
    ['resource', (config) => ({ ...config, resources: config.resources.map((resource) => ({ ...resource, require: mfa })) })],
    [
      'age',
      (config) => ({
        ...config,
        resources: config.resources.map((resource) => ({ ...resource, require: { ...mfa, mfa: false, maxAgeSeconds: 600 } })),
      }),
    ],
  ])(
    '%s: neither code nor refresh token is worth anything, the authority says what is missing, and a sign-in that proves it is',
    async (_, change) => {
      const strict = await openFlowWorld({ configure: change });
      try {
        const client = registered(strict);
        const good = { ...proven, auth_time: Math.floor(strict.clock.now() / 1000) };
        const approved = await approve(strict, { client_id: client, says: alice({ assurance: good }) });
        const [row] = await strict.engine.page(grants, { limit: 10 });
        const id = row?.id ?? '';
        const weak = { auth_time: null, acr: null, amr: [], mfa: false, evidence: [] };
        const prove = (assurance: object) => strict.engine.updateIf(grants, id, {}, { set: { assurance: { ...assurance } } }, 'after');
        await prove(weak);
        await expect(redeem(strict, approved)).rejects.toMatchObject({ error: 'invalid_grant' });
        await prove(good);
        const tokens = await redeem(strict, approved);
        await prove(weak);
        await expect(refresh(strict, client, tokens)).rejects.toMatchObject({ error: 'invalid_grant' });
        const standing = await strict.authority.standing(id as Parameters<typeof strict.authority.standing>[0]);
        expect(standing).toMatchObject({ assurance: { mfa: false, phishingResistant: false } });
        expect(standing?.demand).not.toEqual(noDemand);
        await prove(good);
        expect((await refresh(strict, client, tokens)).scope).toBe('read write');
        expect((await strict.engine.get(grants, id))?.['generation']).toBe(2);
      } finally {
        await strict.close();
      }
    },
  );
});
