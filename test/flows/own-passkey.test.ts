import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Config } from '../../src/config/schema.ts';
import { assuranceFrom } from '../../src/domain/assurance.ts';
import type { VerifiedIdentity } from '../../src/domain/identity.ts';
import type { TransactionId, UserId } from '../../src/domain/ids.ts';
import { PasskeyAnswer } from '../../src/domain/passkey.ts';
import { stepAt } from '../../src/domain/second-factor.ts';
import { codeOf } from '../../src/domain/token-format.ts';
import { answerFactor } from '../../src/flows/answer-factor.ts';
import { answerPasskey, showPasskey } from '../../src/flows/answer-passkey.ts';
import { confirmEnrolment, declineFactor, keepCodes, showEnrolment } from '../../src/flows/enrol-factor.ts';
import { resetFactor } from '../../src/flows/reset-factor.ts';
import { oneTimeCodes } from '../../src/platform/one-time-codes.ts';
import { auditEvents, grants, secondFactors, transactions } from '../../src/stores/collections.ts';
import { Authenticator } from '../support/authenticator.ts';
import type { Asked, Misbehaviour } from '../support/authenticator.ts';
import { alice, asked, browser, openFlowWorld, redeem, refresh, registered, signIn } from '../support/flow-world.ts';
import type { FlowWorld } from '../support/flow-world.ts';
import { hookEngine } from '../support/slow-engine.ts';

const origin = 'http://localhost:4000';

/** The demonstration, where Globex takes our own second factor, and Acme wants a sign-in that nobody could copy and takes it too. */
const configure = (config: Config): Config => ({
  ...config,
  tenants: config.tenants.map((tenant) => ({
    ...tenant,
    ownSecondFactor: true,
    ...(tenant.id === 'acme' ? { require: { mfa: true, phishingResistant: true } } : {}),
  })),
});

let latency = 0;
let world: FlowWorld;
let client_id: string;
beforeEach(async () => {
  latency = 0;
  world = await openFlowWorld({
    configure,
    wrapEngine: (engine) =>
      hookEngine(engine, async (_, when) => {
        if (when === 'before' && latency > 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * latency));
      }),
  });
  client_id = registered(world);
});
afterEach(() => world.close());

const pause = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms));
const parts = () => ({ ...world, oneTimeCodes, pause });
const stepOf = async (id: TransactionId) => (await world.flows.continue(id, browser)).step;
const heard = () => world.events.map(({ event, rule }) => ({ event, rule })).filter(({ event }) => event.startsWith('factor.'));
const refusals = () => world.events.filter(({ event }) => event === 'login.refused').map(({ rule }) => rule);
const row = async () => (await world.engine.page(secondFactors))[0] as Record<string, unknown> | undefined;

const justNow = (changed: Partial<VerifiedIdentity> = {}): VerifiedIdentity =>
  alice({ assurance: assuranceFrom({ auth_time: Math.floor(world.clock.now() / 1000) - 5 }, { acr: [], amr: [] }), ...changed });

/** Up to where the tenant is chosen and the identity provider was asked for more in vain. */
async function enter(tenant: 'globex' | 'acme' = 'globex', says = justNow()): Promise<TransactionId> {
  const id = await world.flows.begin(asked(client_id), browser);
  await signIn(world, id, says);
  await world.flows.choose(id, browser, tenant);
  const step = await stepOf(id);
  if (step.step !== 'prove-more') throw new Error(`not asked for more: ${step.step}`);
  await signIn(world, id, says, step.wanted);
  return id;
}

async function shown(id: TransactionId): Promise<{ does: string; options: Asked }> {
  const given = await showPasskey(parts())(id, browser);
  if (given === null) throw new Error('no passkey is asked for');
  return { does: given.does, options: given.options as Asked };
}

const send = (id: TransactionId, answer: unknown) => answerPasskey(parts())(id, browser, PasskeyAnswer.parse(answer));

async function use(device: Authenticator, id: TransactionId, wrong: Misbehaviour = {}) {
  return send(id, device.get((await shown(id)).options, wrong));
}

async function make(device: Authenticator, id: TransactionId, wrong: Misbehaviour = {}) {
  return send(id, device.create((await shown(id)).options, wrong));
}

/** Somebody with a passkey. */
async function enrol(device = new Authenticator(origin)): Promise<{ id: TransactionId; device: Authenticator; codes: readonly string[] }> {
  const id = await enter();
  const codes = (await showEnrolment(parts())(id, browser))?.codes ?? [];
  expect(await make(device, id)).toBe('right');
  await keepCodes(parts())(id, browser);
  return { id, device, codes };
}

/** Somebody with an app. */
async function enrolApp(): Promise<string> {
  const id = await enter();
  const enrolment = await showEnrolment(parts())(id, browser);
  const secret = enrolment?.secret ?? '';
  expect(await confirmEnrolment(parts())(id, browser, appCode(secret))).toBe('enrolled');
  await keepCodes(parts())(id, browser);
  world.clock.advance(30_000);
  return secret;
}
const appCode = (secret: string): string => oneTimeCodes.codeAt(secret, stepAt(world.clock.now()));

async function approved(id: TransactionId, tenant = 'globex') {
  expect(await world.flows.consent(id, browser, { decision: 'approve', tenant, scope: ['read'] })).toBe('recorded');
  const stage = (await world.transactions.get(id))?.stage;
  if (stage?.at !== 'approved') throw new Error('not approved');
  return { client_id, id, code: codeOf(stage.grantId, world.sealing.mac).reveal(), grantId: stage.grantId };
}

const alicesId = () => world.events.flatMap(({ userId }) => userId ?? []).at(-1) as UserId;

describe('setting one up', () => {
  it('shows the same challenge until an answer is judged, makes the factor with recovery codes, and stands in the grant', async () => {
    const id = await enter();
    expect(await stepOf(id)).toMatchObject({ step: 'own-factor', ask: 'enrolment', ways: ['app', 'passkey'] });
    const enrolment = await showEnrolment(parts())(id, browser);
    const [first, again] = [await shown(id), await shown(id)];
    expect(first).toEqual(again);
    expect(first).toMatchObject({ does: 'create', options: { user: { name: 'alice@demo.example' }, excludeCredentials: [] } });
    expect(Buffer.from(first.options.user?.id ?? '', 'base64url').toString()).toBe(alicesId());

    const device = new Authenticator(origin);
    expect(await make(device, id, { isVerified: false })).toBe('wrong');
    expect([await row(), heard(), refusals()]).toEqual([undefined, [], ['wrong-answer; passkey: not verified']]);
    expect((await shown(id)).options.challenge).not.toBe(first.options.challenge);
    expect(await showEnrolment(parts())(id, browser)).toEqual(enrolment);

    expect(await make(device, id)).toBe('right');
    expect(await stepOf(id)).toMatchObject({ step: 'save-codes' });
    expect(await showEnrolment(parts())(id, browser)).toEqual(enrolment);
    expect(await row()).toMatchObject({ version: 1, passkeys: [{ id: device.id, counter: 0, transports: ['internal', 'hybrid'] }] });
    expect(await row()).not.toHaveProperty('sealed');
    await keepCodes(parts())(id, browser);

    const grant = await approved(id);
    const assurance = { mfa: true, phishingResistant: true, amr: ['pop'], evidence: ['local passkey'], authTimeSource: 'id_token' };
    expect(await world.engine.get(grants, grant.grantId)).toMatchObject({ assurance });
    expect((await refresh(world, client_id, await redeem(world, grant))).scope).toBe('read');
    expect(heard()).toEqual([{ event: 'factor.enrolled', rule: 'local passkey' }]);
  });

  it('leaves no challenge readable at rest', async () => {
    const id = await enter();
    const { options } = await shown(id);
    const rows = await Promise.all([transactions, auditEvents].map((collection) => world.engine.page(collection)));
    expect(JSON.stringify(rows)).not.toContain(options.challenge);
  });

  it('pressed twice with two devices makes one passkey, and nothing counts as wrong', async () => {
    latency = 4;
    for (let round = 0; round < 30; round += 1) {
      const id = await enter();
      await showEnrolment(parts())(id, browser);
      const { options } = await shown(id);
      const answers = [new Authenticator(origin), new Authenticator(origin)].map((device) => device.create(options));
      const outcomes = await Promise.all(answers.map((answer) => send(id, answer)));
      expect([round, outcomes.toSorted()]).toEqual([round, ['elsewhere', 'right']]);
      expect([round, (await stepOf(id)).step, (await row())?.['passkeys']]).toEqual([round, 'save-codes', [expect.anything()]]);
      await resetFactor(world)(alicesId());
      world.clock.advance(60_000);
    }
    expect(refusals()).toEqual([]);
  }, 30_000);

  it.each(['passkey', 'app'] as const)('cut off after the row was written, and gone on with by %s, loses nothing', async (then) => {
    const id = await enter();
    const enrolment = await showEnrolment(parts())(id, browser);
    const device = new Authenticator(origin);
    const stage = (await world.transactions.get(id))?.stage;
    expect(await make(device, id)).toBe('right');
    // As if the transaction had not been written any more.
    await world.engine.updateIf(transactions, id, {}, { set: { stage } }, 'after');
    expect(await stepOf(id)).toMatchObject({ step: 'own-factor', ask: 'enrolment' });
    const other = new Authenticator(origin);
    if (then === 'app') expect(await confirmEnrolment(parts())(id, browser, appCode(enrolment?.secret ?? ''))).toBe('enrolled');
    else expect(await make(other, id)).toBe('right');
    expect((await stepOf(id)).step).toBe('save-codes');
    await keepCodes(parts())(id, browser);
    world.clock.advance(30_000);

    const next = await enter();
    expect(await use(device, next)).toBe('right');
    const last = await enter();
    if (then === 'app') expect(await answerFactor(parts())(last, browser, appCode(enrolment?.secret ?? ''))).toBe('right');
    else expect(await use(other, last)).toBe('right');
  });
});

describe('using it', () => {
  it('lets in, once for each challenge, and says so in the audit', async () => {
    const { device } = await enrol();
    const id = await enter();
    expect(await stepOf(id)).toMatchObject({ step: 'own-factor', ask: 'code', ways: ['passkey'], resists: false });
    const given = await shown(id);
    expect(given).toMatchObject({ does: 'get', options: { allowCredentials: [{ id: device.id }] } });
    const answer = device.get(given.options);
    expect(await send(id, answer)).toBe('right');
    expect(await send(id, answer)).toBe('elsewhere');
    expect((await stepOf(id)).step).toBe('consent');
    expect(heard().slice(1)).toEqual([{ event: 'factor.used', rule: 'local passkey' }]);
    // The same answer somewhere else.
    const other = await enter();
    await shown(other);
    expect(await send(other, answer)).toBe('wrong');
    expect(refusals()).toEqual(['wrong-answer; passkey: another challenge']);
    // And once more where nothing is asked yet.
    expect(await send(other, answer)).toBe('elsewhere');
  });

  it('pressed twice is judged once, round after round', async () => {
    const { device } = await enrol(new Authenticator(origin, { counts: true }));
    latency = 4;
    for (let round = 0; round < 30; round += 1) {
      const id = await enter();
      const answer = device.get((await shown(id)).options);
      const outcomes = await Promise.all([send(id, answer), send(id, answer), send(id, answer)]);
      expect([round, outcomes.toSorted()]).toEqual([round, ['elsewhere', 'elsewhere', 'right']]);
      expect([round, (await stepOf(id)).step, (await row())?.['failures']]).toEqual([round, 'consent', 0]);
    }
    expect([refusals(), heard().filter(({ event }) => event === 'factor.used').length]).toEqual([[], 30]);
  }, 30_000);

  it.each<[string, Misbehaviour, string]>([
    ['at another origin', { origin: 'http://localhost:4001' }, 'another origin'],
    ['for another site', { rpId: 'evil.example' }, 'not verified'],
    ['of nobody verified', { isVerified: false }, 'not verified'],
    ['of a made-up challenge', { challenge: 'x'.repeat(43) }, 'another challenge'],
    ['of another passkey', { id: 'AAAA' }, 'unknown passkey'],
    ['with a forged signature', { isForged: true }, 'not verified'],
    ['for somebody else', { userHandle: 'AAAA' }, 'unknown passkey'],
  ])('%s is wrong, counts, and the next right one is taken', async (_, wrong, because) => {
    const { device } = await enrol();
    const id = await enter();
    expect(await use(device, id, wrong)).toBe('wrong');
    expect([(await row())?.['failures'], refusals()]).toEqual([1, [`wrong-answer; passkey: ${because}`]]);
    expect(await use(device, id)).toBe('right');
    expect((await row())?.['failures']).toBe(0);
  });

  it('whose count goes back is refused and on record, and changes no count', async () => {
    const { device } = await enrol(new Authenticator(origin, { counts: true }));
    const id = await enter();
    expect(await use(device, id, { counter: 40 })).toBe('right');
    const copied = await enter();
    expect(await use(device, copied, { counter: 40 })).toBe('wrong');
    expect(await use(device, copied, { counter: 3 })).toBe('wrong');
    expect(await row()).toMatchObject({ failures: 2, passkeys: [{ counter: 40 }] });
    expect(refusals()).toEqual(Array.from({ length: 2 }, () => 'wrong-answer; passkey: counter went back'));
    expect(await use(device, copied, { counter: 41 })).toBe('right');
  });

  it('by the passkey of another person is wrong', async () => {
    const { device: hers } = await enrol();
    const bob = justNow({ subject: 'demo-0002', email: 'bob@demo.example', name: 'Bob' });
    const bobs = await enter('globex', bob);
    await showEnrolment(parts())(bobs, browser);
    expect(await make(new Authenticator(origin), bobs)).toBe('right');
    await keepCodes(parts())(bobs, browser);
    const id = await enter('globex', bob);
    expect(await use(hers, id)).toBe('wrong');
    expect(refusals()).toEqual(['wrong-answer; passkey: unknown passkey']);
  });

  it('wrong five times ends the sign-in and rests the factor, for passkeys and codes alike', async () => {
    const { device, codes } = await enrol();
    const id = await enter();
    for (let tries = 1; tries < 5; tries += 1) expect(await use(device, id, { isForged: true })).toBe('wrong');
    const last = device.get((await shown(id)).options, { isForged: true });
    await expect(send(id, last)).rejects.toMatchObject({ kind: 'too-many-tries' });
    expect((await stepOf(id)).step).toBe('stopped');
    expect(await row()).toMatchObject({ failures: 5, lockedUntil: world.clock.now() + 60_000 });
    expect(heard().at(-1)).toEqual({ event: 'factor.locked', rule: '5 wrong answers in a row: 1 min' });
    const next = await enter();
    const right = device.get((await shown(next)).options);
    await expect(send(next, right)).rejects.toMatchObject({ kind: 'too-many-tries', names: { minutes: 1 } });
    await expect(answerFactor(parts())(next, browser, codes[0] ?? '')).rejects.toMatchObject({ kind: 'too-many-tries' });
    world.clock.advance(60_000);
    expect(await use(device, next)).toBe('right');
  });

  it('a recovery code stands in where a second factor is enough; without an app no code does', async () => {
    const { codes } = await enrol();
    const id = await enter();
    expect(await answerFactor(parts())(id, browser, '123456')).toBe('wrong');
    expect(await answerFactor(parts())(id, browser, codes[0] ?? '')).toBe('right');
    expect((await world.transactions.get(id))?.stage).toMatchObject({ person: { assurance: { mfa: true, phishingResistant: false } } });
  });

  it('a registration is no use, and a use no registration', async () => {
    const { device } = await enrol();
    const id = await enter();
    const { options } = await shown(id);
    expect(await send(id, new Authenticator(origin).create({ ...options, rp: { id: 'localhost' } }))).toBe('elsewhere');
    expect((await row())?.['passkeys']).toHaveLength(1);
    await resetFactor(world)(alicesId());
    const enrolling = await enter();
    await showEnrolment(parts())(enrolling, browser);
    const given = (await shown(enrolling)).options;
    expect(await send(enrolling, device.get({ ...given, rpId: 'localhost' }))).toBe('elsewhere');
    expect(await row()).toBeUndefined();
  });
});

describe('where nobody in between may have copied it', () => {
  it('whoever has nothing sets up a passkey: the app would not do [Q-MFA-17]', async () => {
    const id = await enter('acme');
    expect(await stepOf(id)).toMatchObject({ step: 'own-factor', ask: 'enrolment', ways: ['passkey'], resists: true });
    const enrolment = await showEnrolment(parts())(id, browser);
    expect(await confirmEnrolment(parts())(id, browser, appCode(enrolment?.secret ?? ''))).toBe('elsewhere');
    expect(await make(new Authenticator(origin), id)).toBe('right');
    await keepCodes(parts())(id, browser);
    const grant = await approved(id, 'acme');
    expect(await redeem(world, grant)).toMatchObject({ scope: 'read' });
  });

  it('whoever has a passkey uses it, and a recovery code is not judged', async () => {
    const { device, codes } = await enrol();
    const id = await enter('acme');
    expect(await stepOf(id)).toMatchObject({ step: 'own-factor', ask: 'code', ways: ['passkey'], resists: true });
    expect(await answerFactor(parts())(id, browser, codes[0] ?? '')).toBe('elsewhere');
    expect((await row())?.['recovery']).toHaveLength(10);
    expect(await use(device, id)).toBe('right');
    await approved(id, 'acme');
  });

  it('whoever has an app proves it first, then adds a passkey to it, and from then on uses that; the app stays', async () => {
    const secret = await enrolApp();
    const id = await enter('acme');
    expect(await stepOf(id)).toMatchObject({ step: 'own-factor', ask: 'code', ways: ['app'] });
    expect(await showPasskey(parts())(id, browser)).toBeNull();
    const device = new Authenticator(origin);
    expect(await answerFactor(parts())(id, browser, appCode(secret))).toBe('right');
    expect(await stepOf(id)).toMatchObject({ step: 'own-factor', ask: 'passkey-too', ways: ['passkey'] });
    expect(await make(device, id, { origin: 'http://localhost:4009' })).toBe('wrong');
    const before = await row();
    expect(await make(device, id)).toBe('right');
    expect(await row()).toMatchObject({ sealed: before?.['sealed'], enrolment: before?.['enrolment'], passkeys: [{ id: device.id }] });
    const grant = await approved(id, 'acme');
    const assurance = { phishingResistant: true, amr: ['otp', 'pop'], evidence: ['local totp', 'local passkey'] };
    expect(await world.engine.get(grants, grant.grantId)).toMatchObject({ assurance });
    expect(heard().slice(1)).toEqual([
      { event: 'factor.used', rule: 'local totp' },
      { event: 'factor.enrolled', rule: 'local passkey; added' },
    ]);

    world.clock.advance(30_000);
    const strict = await enter('acme');
    expect(await answerFactor(parts())(strict, browser, appCode(secret))).toBe('elsewhere');
    expect(await use(device, strict)).toBe('right');
    const plain = await enter('globex');
    expect(await stepOf(plain)).toMatchObject({ ask: 'code', ways: ['app', 'passkey'] });
    expect(await answerFactor(parts())(plain, browser, appCode(secret))).toBe('right');
  });

  it('a passkey is not added on a sign-in of long ago, and not to what was reset meanwhile', async () => {
    const secret = await enrolApp();
    const id = await enter('acme');
    expect(await answerFactor(parts())(id, browser, appCode(secret))).toBe('right');
    const answer = new Authenticator(origin).create((await shown(id)).options);
    await resetFactor(world)(alicesId());
    await expect(send(id, answer)).rejects.toMatchObject({ kind: 'expired' });
    expect(await row()).toBeUndefined();

    await enrolApp().then(async (other) => {
      const old = alice({ assurance: assuranceFrom({ auth_time: world.clock.now() / 1000 - 3600 }, { acr: [], amr: [] }) });
      const late = await enter('acme', old);
      expect(await answerFactor(parts())(late, browser, appCode(other))).toBe('right');
      const step = await stepOf(late);
      expect(step).toMatchObject({ step: 'prove-more', wanted: { afresh: true } });
      if (step.step !== 'prove-more') throw new Error('not asked');
      await signIn(world, late, justNow(), step.wanted);
      expect(await stepOf(late)).toMatchObject({ ask: 'passkey-too' });
    });
  });

  it('a passkey is not added to what somebody set up after a reset while it was verified', async () => {
    const secret = await enrolApp();
    const id = await enter('acme');
    expect(await answerFactor(parts())(id, browser, appCode(secret))).toBe('right');
    const answer = PasskeyAnswer.parse(new Authenticator(origin).create((await shown(id)).options));
    const { passkeys } = world;
    const verifyRegistration: typeof passkeys.verifyRegistration = async (given, challenge) => {
      await resetFactor(world)(alicesId());
      const base = { version: 1, lastStep: 0, recovery: [], failures: 0, lockedUntil: 0, enrolledAt: 0 };
      expect(await world.secondFactors.add({ ...base, id: alicesId(), enrolment: 'another' }, 'SECRET')).toBe('added');
      return passkeys.verifyRegistration(given, challenge);
    };
    expect(await answerPasskey({ ...parts(), passkeys: { ...passkeys, verifyRegistration } })(id, browser, answer)).toBe('elsewhere');
    expect(await row()).toMatchObject({ enrolment: 'another', version: 1, passkeys: [] });
  });

  it('two tabs that add one at once both keep theirs', async () => {
    const secret = await enrolApp();
    const tabs: TransactionId[] = [];
    for (let tab = 0; tab < 2; tab += 1) {
      const id = await enter('acme');
      expect(await answerFactor(parts())(id, browser, appCode(secret))).toBe('right');
      world.clock.advance(30_000);
      tabs.push(id);
    }
    const devices = tabs.map(() => new Authenticator(origin));
    const answers = await Promise.all(tabs.map(async (id, tab) => devices[tab]?.create((await shown(id)).options)));
    latency = 4;
    expect(await Promise.all(tabs.map((id, tab) => send(id, answers[tab])))).toEqual(['right', 'right']);
    const kept = (await world.secondFactors.get(alicesId()))?.passkeys.map(({ id }) => id) ?? [];
    expect(kept.toSorted()).toEqual(devices.map(({ id }) => id).toSorted());
  });

  it('going on without it leads elsewhere, and choosing it again asks again', async () => {
    await enrol();
    const id = await enter('acme');
    await declineFactor(parts())(id, browser);
    expect(await stepOf(id)).toMatchObject({ step: 'unproven' });
    await world.flows.choose(id, browser, 'acme');
    const step = await stepOf(id);
    if (step.step !== 'prove-more') throw new Error('not asked');
    await signIn(world, id, justNow(), step.wanted);
    expect(await stepOf(id)).toMatchObject({ step: 'own-factor', ways: ['passkey'] });
  });
});

describe('a reset', () => {
  it('takes passkeys away too, ends what was granted on them, and has the next sign-in set one up', async () => {
    const { id, device } = await enrol();
    const grant = await approved(id);
    const tokens = await redeem(world, grant);
    const waiting = await enter();
    const answer = device.get((await shown(waiting)).options);
    expect(await resetFactor(world)(alicesId())).toEqual({ removed: true, ended: 1 });
    expect(await row()).toBeUndefined();
    await expect(refresh(world, client_id, tokens)).rejects.toMatchObject({ error: 'invalid_grant' });
    expect(await send(waiting, answer)).toBe('elsewhere');
    expect([await row(), refusals()]).toEqual([undefined, []]);
    expect(await stepOf(waiting)).toMatchObject({ step: 'own-factor', ask: 'enrolment' });
  });
});
