import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Config } from '../../src/config/schema.ts';
import { assuranceFrom } from '../../src/domain/assurance.ts';
import type { VerifiedIdentity } from '../../src/domain/identity.ts';
import { ConnectionId } from '../../src/domain/ids.ts';
import type { TransactionId } from '../../src/domain/ids.ts';
import type { Enrolment } from '../../src/domain/second-factor.ts';
import { stepAt } from '../../src/domain/second-factor.ts';
import { codeOf } from '../../src/domain/token-format.ts';
import { answerFactor } from '../../src/flows/answer-factor.ts';
import { confirmEnrolment, declineFactor, keepCodes, showEnrolment } from '../../src/flows/enrol-factor.ts';
import { resetFactor } from '../../src/flows/reset-factor.ts';
import { oneTimeCodes } from '../../src/platform/one-time-codes.ts';
import { LoginRefused } from '../../src/ports/connector.ts';
import { auditEvents, grants, secondFactors, transactions } from '../../src/stores/collections.ts';
import { alice, asked, browser, openFlowWorld, redeem, refresh, registered, signIn } from '../support/flow-world.ts';
import type { FlowWorld } from '../support/flow-world.ts';
import { hookEngine } from '../support/slow-engine.ts';

const demo = ConnectionId.parse('demo');

/** The demonstration, where Globex takes our own second factor. */
const configure = (config: Config): Config => ({
  ...config,
  tenants: config.tenants.map((tenant) => (tenant.id === 'globex' ? { ...tenant, ownSecondFactor: true } : tenant)),
});

let latency = 0;
let world: FlowWorld;
let client_id: string;
beforeEach(async () => {
  latency = 0;
  const wrapEngine: Parameters<typeof openFlowWorld>[0] = {
    configure,
    wrapEngine: (engine) =>
      hookEngine(engine, async (_, when) => {
        if (when === 'before' && latency > 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * latency));
      }),
  };
  world = await openFlowWorld(wrapEngine);
  client_id = registered(world);
});
afterEach(() => world.close());

const pause = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms));
const parts = () => ({ ...world, oneTimeCodes, pause });
const answer = (id: TransactionId, typed: string) => answerFactor(parts())(id, browser, typed);
const confirm = (id: TransactionId, typed: string) => confirmEnrolment(parts())(id, browser, typed);
const show = (id: TransactionId) => showEnrolment(parts())(id, browser);
const stepOf = async (id: TransactionId) => (await world.flows.continue(id, browser)).step;
const codeOfApp = ({ secret }: Pick<Enrolment, 'secret'>, offset = 0): string =>
  oneTimeCodes.codeAt(secret, stepAt(world.clock.now()) + offset);
const wrongFor = (enrolment: Enrolment): string => String((Number(codeOfApp(enrolment)) + 500_000) % 1_000_000).padStart(6, '0');

/** Whoever signed in so many seconds ago; null when the identity provider does not say. */
function signedInAgo(seconds: number | null, changed: Partial<VerifiedIdentity> = {}): VerifiedIdentity {
  const auth_time = seconds === null ? {} : { auth_time: Math.floor(world.clock.now() / 1000) - seconds };
  return alice({ assurance: assuranceFrom(auth_time, { acr: [], amr: [] }), ...changed });
}

/** Up to where Globex is chosen and the identity provider was asked for a second factor in vain. */
async function enter(says: VerifiedIdentity = signedInAgo(5)): Promise<TransactionId> {
  const id = await world.flows.begin(asked(client_id), browser);
  await signIn(world, id, says);
  await world.flows.choose(id, browser, 'globex');
  const step = await stepOf(id);
  if (step.step !== 'prove-more') throw new Error(`not asked for more: ${step.step}`);
  await signIn(world, id, says, step.wanted);
  return id;
}

async function enrol(): Promise<{ id: TransactionId; enrolment: Enrolment }> {
  const id = await enter();
  const enrolment = await show(id);
  if (enrolment === null) throw new Error('nothing to enrol');
  expect(await confirm(id, codeOfApp(enrolment))).toBe('enrolled');
  await keepCodes(parts())(id, browser);
  return { id, enrolment };
}

async function approved(id: TransactionId) {
  expect(await world.flows.consent(id, browser, { decision: 'approve', tenant: 'globex', scope: ['read'] })).toBe('recorded');
  const stage = (await world.transactions.get(id))?.stage;
  if (stage?.at !== 'approved') throw new Error('not approved');
  return { client_id, id, code: codeOf(stage.grantId, world.sealing.mac).reveal(), grantId: stage.grantId };
}

const heard = () => world.events.map(({ event, rule }) => ({ event, rule })).filter(({ event }) => event.startsWith('factor.'));
const row = async () => (await world.engine.page(secondFactors))[0] as Record<string, unknown> | undefined;

describe('enrolment', () => {
  it('is the same however often it is looked at, counts after a code of it, and lets the person in with the proof in the grant', async () => {
    const id = await enter();
    expect(await stepOf(id)).toMatchObject({ step: 'own-factor', ask: 'enrolment', tenant: { id: 'globex' } });
    const [enrolment, twice] = [await show(id), await show(id)];
    if (enrolment === null) throw new Error('nothing to enrol');
    expect(twice).toEqual(enrolment);
    expect(new Set(enrolment.codes).size).toBe(10);
    expect(await confirm(id, wrongFor(enrolment))).toBe('wrong');
    expect([await row(), heard()]).toEqual([undefined, []]);

    expect(await confirm(id, codeOfApp(enrolment))).toBe('enrolled');
    expect(await stepOf(id)).toMatchObject({ step: 'save-codes' });
    expect(await show(id)).toEqual(enrolment);
    expect(await world.flows.consent(id, browser, { decision: 'approve', tenant: 'globex', scope: ['read'] })).toBe('ask-again');
    await keepCodes(parts())(id, browser);
    expect(await show(id)).toBeNull();
    expect(JSON.stringify(await world.transactions.get(id))).not.toContain('enrolment":');

    const grant = await approved(id);
    const stored = await world.engine.get(grants, grant.grantId);
    expect(stored).toMatchObject({
      assurance: { mfa: true, phishingResistant: false, evidence: ['local totp'], authTimeSource: 'id_token' },
    });
    const tokens = await redeem(world, grant);
    expect((await refresh(world, client_id, tokens)).scope).toBe('read');
    expect((await world.engine.get(grants, grant.grantId))?.['assurance']).toEqual(stored?.['assurance']);
    expect(heard()).toEqual([{ event: 'factor.enrolled', rule: 'confirmed by a code after a fresh sign-in' }]);
  });

  it('leaves neither secret nor codes readable at rest, nor anything typed in the audit [Q-MFA-15]', async () => {
    const { id, enrolment } = await enrol();
    await world.flows.stop(id, browser);
    const second = await enter();
    world.clock.advance(30_000);
    const typed = codeOfApp(enrolment);
    await answer(second, typed);
    const third = await enter();
    await answer(third, wrongFor(enrolment));
    const rows = await Promise.all([secondFactors, transactions, auditEvents, grants].map((collection) => world.engine.page(collection)));
    const text = JSON.stringify(rows);
    for (const secret of [enrolment.secret, ...enrolment.codes, ...enrolment.codes.map((code) => code.replaceAll('-', ''))])
      expect(text).not.toContain(secret);
    expect(JSON.stringify(rows[2])).not.toMatch(new RegExp(`"[^"]*${typed}[^"]*"`));
  });

  it.each<[string, number | null, number | null, string]>([
    ['long ago, and then just now', 3600, 1, 'own-factor'],
    ['long ago, and still', 3600, 3600, 'unproven'],
    ['nobody says when, but answered when asked afresh', null, null, 'own-factor'],
  ])('asks once for a fresh sign-in: %s [Q-MFA-13]', async (_, before, after, then) => {
    const id = await enter(signedInAgo(before));
    const step = await stepOf(id);
    expect(step).toMatchObject({ step: 'prove-more', wanted: { afresh: true, demand: { mfa: false, maxAge: 600 } } });
    expect(await show(id)).toBeNull();
    if (step.step !== 'prove-more') throw new Error('not asked');
    await signIn(world, id, signedInAgo(after), step.wanted);
    expect(world.connector.attempts.at(-1)).toMatchObject({ afresh: true });
    expect((await stepOf(id)).step).toBe(then);
    expect(await show(id)).toEqual(then === 'unproven' ? null : expect.anything());
  });

  it('is not made when the fresh sign-in was refused, and asking again is left to the person', async () => {
    const id = await enter(signedInAgo(null));
    const step = await stepOf(id);
    if (step.step !== 'prove-more') throw new Error('not asked');
    await world.flows.beginLogin({ id, browser, connectionId: demo, purpose: step.wanted });
    world.connector.says = new LoginRefused('cancelled', 'the test says so');
    const given = new URLSearchParams({ state: world.connector.attempts.at(-1)?.state ?? '', error: 'access_denied' });
    await world.flows.complete({ connectionId: demo, browser, answer: given });
    expect(await stepOf(id)).toMatchObject({ step: 'unproven', lacks: ['recent sign-in'] });
    expect([await show(id), await confirm(id, '000000'), await row()]).toEqual([null, 'elsewhere', undefined]);
    await world.flows.choose(id, browser, 'globex');
    expect((await stepOf(id)).step).toBe('prove-more');
  });

  it('in two tabs at once makes one, and the other tab is asked for its code', async () => {
    latency = 4;
    for (let round = 0; round < 6; round += 1) {
      const [one, two] = [await enter(), await enter()];
      const [mine, theirs] = [await show(one), await show(two)];
      if (mine === null || theirs === null) throw new Error('nothing to enrol');
      const outcomes = await Promise.all([confirm(one, codeOfApp(mine)), confirm(two, codeOfApp(theirs))]);
      expect([...outcomes].sort()).toEqual(['elsewhere', 'enrolled']);
      const loser = outcomes[0] === 'enrolled' ? two : one;
      expect(await stepOf(loser)).toMatchObject({ step: 'own-factor', ask: 'code' });
      await resetFactor(world)(alicesId());
      world.clock.advance(60_000);
    }
  });

  it('pressed twice, or cut off after the row was written, ends where the person can save the codes', async () => {
    const id = await enter();
    const enrolment = await show(id);
    if (enrolment === null) throw new Error('nothing to enrol');
    const typed = codeOfApp(enrolment);
    const stage = (await world.transactions.get(id))?.stage;
    await Promise.all([confirm(id, typed), confirm(id, typed)]);
    expect([(await stepOf(id)).step, (await row())?.['enrolment']]).toEqual(['save-codes', enrolment.id]);
    // As if the transaction had not been written any more.
    await world.engine.updateIf(transactions, id, {}, { set: { stage } }, 'after');
    expect(await stepOf(id)).toMatchObject({ step: 'own-factor', ask: 'enrolment' });
    expect(await confirm(id, typed)).toBe('enrolled');
    expect((await stepOf(id)).step).toBe('save-codes');
  });
});

const alicesId = () => {
  const found = world.events.flatMap(({ userId }) => userId ?? []).at(-1);
  if (found === undefined) throw new Error('nobody has signed in');
  return found as Parameters<ReturnType<typeof resetFactor>>[0];
};

describe('the code', () => {
  it('pressed twice is judged once: the person is let in, and nothing counts as a wrong answer', async () => {
    const { enrolment } = await enrol();
    latency = 4;
    for (let round = 0; round < 30; round += 1) {
      world.clock.advance(30_000);
      const id = await enter();
      const typed = codeOfApp(enrolment);
      const answers = await Promise.all([answer(id, typed), answer(id, typed), answer(id, typed)]);
      expect([round, answers.toSorted()]).toEqual([round, ['elsewhere', 'elsewhere', 'right']]);
      expect([round, (await stepOf(id)).step, (await row())?.['failures']]).toEqual([round, 'consent', 0]);
    }
    expect(world.events.filter(({ event, rule }) => event === 'login.refused' && rule === 'wrong-answer')).toEqual([]);
    expect(heard().filter(({ event }) => event === 'factor.used')).toHaveLength(30);
  }, 30_000);

  it('is taken once, whoever asks, and the next one after it [Q-MFA-14]', async () => {
    const { enrolment } = await enrol();
    const second = await enter();
    expect(await stepOf(second)).toMatchObject({ step: 'own-factor', ask: 'code' });
    // The one that confirmed the enrolment.
    expect(await answer(second, codeOfApp(enrolment))).toBe('wrong');
    world.clock.advance(30_000);
    expect(await answer(second, codeOfApp(enrolment))).toBe('right');
    expect(await answer(second, codeOfApp(enrolment))).toBe('elsewhere');
    expect((await stepOf(second)).step).toBe('consent');
    const third = await enter();
    expect(await answer(third, codeOfApp(enrolment))).toBe('wrong');
    expect(heard().slice(1)).toEqual([{ event: 'factor.used', rule: 'local totp' }]);
  });

  it('is taken by exactly one of two instances at once, round after round', async () => {
    const { enrolment } = await enrol();
    latency = 4;
    for (let round = 0; round < 10; round += 1) {
      world.clock.advance(60_000);
      const tabs = [await enter(), await enter(), await enter()];
      const outcomes = await Promise.all(tabs.map((id) => answer(id, codeOfApp(enrolment))));
      expect([...outcomes].sort()).toEqual(['right', 'wrong', 'wrong']);
      const steps = await Promise.all(tabs.map(async (id) => (await stepOf(id)).step));
      expect(steps.map((step) => step === 'consent')).toEqual(outcomes.map((outcome) => outcome === 'right'));
      world.clock.advance(3_600_000);
    }
  }, 60_000);

  it('wrong five times in one sign-in ends it', async () => {
    const { enrolment } = await enrol();
    const id = await enter();
    for (let tries = 1; tries < 5; tries += 1) expect(await answer(id, wrongFor(enrolment))).toBe('wrong');
    await expect(answer(id, wrongFor(enrolment))).rejects.toMatchObject({ kind: 'too-many-tries' });
    expect((await stepOf(id)).step).toBe('stopped');
  });

  it('locks after five in a row however many sign-ins they come from, parallel ones too; then nothing is judged, and the lock grows [Q-MFA-14]', async () => {
    const { enrolment } = await enrol();
    const tabs: TransactionId[] = [];
    while (tabs.length < 8) tabs.push(await enter());
    latency = 3;
    const outcomes = await Promise.allSettled(tabs.map((id) => answer(id, wrongFor(enrolment))));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    expect(await row()).toMatchObject({ failures: 5, lockedUntil: world.clock.now() + 60_000 });
    latency = 0;
    const id = await enter();
    world.clock.advance(59_000);
    const before = await row();
    await expect(answer(id, codeOfApp(enrolment))).rejects.toMatchObject({ kind: 'too-many-tries', names: { minutes: 1 } });
    await expect(answer(id, enrolment.codes[0] ?? '')).rejects.toMatchObject({ kind: 'too-many-tries' });
    expect(await row()).toEqual(before);
    world.clock.advance(1_000);
    expect(await answer(id, wrongFor(enrolment))).toBe('wrong');
    expect(await row()).toMatchObject({ failures: 6, lockedUntil: world.clock.now() + 120_000 });
    world.clock.advance(120_000);
    expect(await answer(id, codeOfApp(enrolment))).toBe('right');
    expect(await row()).toMatchObject({ failures: 0, lockedUntil: 0 });
    expect(heard().slice(1)).toEqual([
      { event: 'factor.locked', rule: '5 wrong answers in a row: 1 min' },
      { event: 'factor.locked', rule: '6 wrong answers in a row: 2 min' },
      { event: 'factor.used', rule: 'local totp' },
    ]);
  });
});

describe('a recovery code', () => {
  it('lets in instead of the app, once, also at two instances at once [Q-MFA-15]', async () => {
    const { enrolment } = await enrol();
    latency = 4;
    for (const [index, code] of enrolment.codes.entries()) {
      const tabs = [await enter(), await enter()];
      const outcomes = await Promise.all(tabs.map((id) => answer(id, code.toLowerCase())));
      expect([...outcomes].sort()).toEqual(['right', 'wrong']);
      expect((await row())?.['recovery']).toHaveLength(9 - index);
      const winner = tabs[outcomes.indexOf('right')];
      if (winner === undefined) throw new Error('nobody got in');
      expect((await world.transactions.get(winner))?.stage).toMatchObject({
        person: { assurance: { mfa: true, evidence: ['local recovery code'] } },
      });
      world.clock.advance(3_600_000);
    }
    expect(heard().at(-1)).toEqual({ event: 'factor.recovery-used', rule: 'local recovery code; 0 left' });
    const id = await enter();
    expect(await answer(id, enrolment.codes[0] ?? '')).toBe('wrong');
  });
});

describe('going on without it', () => {
  it('leads to the workspace that is open, and choosing again asks again', async () => {
    await enrol();
    const id = await enter();
    await declineFactor(parts())(id, browser);
    expect(await stepOf(id)).toMatchObject({ step: 'consent', chosen: { tenant: { id: 'acme' } } });
    await world.flows.choose(id, browser, 'globex');
    const step = await stepOf(id);
    if (step.step !== 'prove-more') throw new Error('not asked');
    await signIn(world, id, signedInAgo(5), step.wanted);
    expect(await stepOf(id)).toMatchObject({ step: 'own-factor', ask: 'code' });
  });
});

describe('a reset', () => {
  it('ends what was granted on the factor and nothing else, stops who is about to approve, and has the next sign-in enrol', async () => {
    const { id, enrolment } = await enrol();
    const grant = await approved(id);
    const tokens = await redeem(world, grant);
    const plain = await world.flows.begin(asked(client_id), browser);
    await signIn(world, plain, signedInAgo(5));
    expect(await world.flows.consent(plain, browser, { decision: 'approve', tenant: 'acme', scope: ['read'] })).toBe('recorded');
    world.clock.advance(30_000);
    const waiting = await enter();
    expect(await answer(waiting, codeOfApp(enrolment))).toBe('right');
    const asking = await enter();

    expect(await resetFactor(world)(alicesId())).toEqual({ removed: true, ended: 1 });
    expect(await row()).toBeUndefined();
    await expect(refresh(world, client_id, tokens)).rejects.toMatchObject({ error: 'invalid_grant' });
    expect(await world.authority.standing(grant.grantId)).toBeNull();
    const stage = (await world.transactions.get(plain))?.stage;
    expect(stage?.at === 'approved' ? (await world.grants.get(stage.grantId))?.stage : null).toBe('coded');
    await expect(world.flows.consent(waiting, browser, { decision: 'approve', tenant: 'globex', scope: ['read'] })).rejects.toMatchObject({
      kind: 'expired',
    });
    expect(await answer(asking, enrolment.codes[0] ?? '')).toBe('elsewhere');
    expect(await stepOf(asking)).toMatchObject({ step: 'own-factor', ask: 'enrolment' });
    expect(await resetFactor(world)(alicesId())).toEqual({ removed: false, ended: 0 });
    expect(heard().filter(({ event }) => event === 'factor.reset')).toEqual([{ event: 'factor.reset', rule: 'reset by an operator' }]);
  });
});
