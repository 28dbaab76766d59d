import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AssuranceDemand } from '../../src/domain/assurance-demand.ts';
import { includes, noDemand, satisfies, strictest } from '../../src/domain/assurance-demand.ts';
import { ConnectionId, GrantId, TenantId, TransactionId, UserId } from '../../src/domain/ids.ts';
import type { Belonging } from '../../src/domain/next-step.ts';
import { nextStep } from '../../src/domain/next-step.ts';
import type { Person } from '../../src/domain/person.ts';
import type { Resource } from '../../src/domain/resource.ts';
import { permittedScope } from '../../src/domain/scope.ts';
import type { FrozenRequest, Stage, StageAt, Transaction } from '../../src/domain/transaction.ts';
import { nothingProven, secondFactor } from '../support/assurance.ts';
import { makeResource } from '../support/gateway-world.ts';

const id = TransactionId.parse('t'.repeat(22));
const transaction = (stage: Stage, request: Partial<FrozenRequest> = {}): Transaction => ({
  id,
  version: 1,
  browser: 'b',
  request: { scope: ['notes:read', 'notes:write'], demand: noDemand, ...request } as FrozenRequest,
  stage,
  createdAt: 0,
  expiresAt: 1,
});
const wanted: AssuranceDemand = { ...noDemand, mfa: true };
const person = (mfa: boolean, askedForMfa = false): Person => ({
  userId: UserId.parse('u_1'),
  connectionId: ConnectionId.parse('demo'),
  name: null,
  email: null,
  assurance: { ...nothingProven, mfa },
  asked: askedForMfa ? wanted : noDemand,
});
const belongs = (name: string, mfa: boolean): Belonging => ({
  tenant: { id: TenantId.parse(name), name, demand: { ...noDemand, mfa }, rules: [], members: [], defaultRole: null },
  roleNames: ['Viewer'],
  permissions: ['notes.read', 'notes.write'],
});
const [acme, globex] = [belongs('acme', false), belongs('globex', true)];
const consenting = (changed: Partial<StageAt<'consenting'>> = {}): StageAt<'consenting'> => ({
  at: 'consenting',
  person: person(false),
  tenantId: null,
  notice: null,
  ...changed,
});
const resource = makeResource('http://localhost:4000/mcp', 'http://localhost:4002/mcp');
const now = 1_700_000_000_000;
const facts = (belongings: readonly Belonging[], changed: Partial<Resource> = {}) => ({
  belongings,
  resource: { ...resource, ...changed },
  now,
});
const chosen = (name: string) => ({ tenantId: TenantId.parse(name) });

describe('what comes next', () => {
  const grantId = GrantId.parse('g'.repeat(22));
  const approved: Stage = { at: 'approved', person: person(false), tenantId: TenantId.parse('acme'), scope: [], grantId, answeredAt: 0 };
  const connectionId = ConnectionId.parse('demo');

  it.each<[string, Stage, object]>([
    ['before a sign-in', { at: 'choosing', notice: null }, { step: 'choose-connection', notice: null }],
    ['after one that came to nothing', { at: 'choosing', notice: 'unreachable' }, { step: 'choose-connection', notice: 'unreachable' }],
    [
      'back without an answer',
      { at: 'upstream', connectionId, attempt: '', stateDigest: '', previous: null },
      { step: 'choose-connection' },
    ],
    ['while an answer is judged', { at: 'judging', connectionId, previous: null }, { step: 'choose-connection' }],
    ['once approved', approved, { step: 'respond', stage: approved }],
    ['once denied', { at: 'denied', person: person(false) }, { step: 'respond-denied' }],
    ['once stopped', { at: 'stopped' }, { step: 'stopped' }],
  ])('%s', (_, stage, step) => {
    expect(nextStep(transaction(stage), facts([]))).toMatchObject(step);
  });

  it.each<[string, Partial<StageAt<'consenting'>>, Belonging[], object]>([
    ['somebody who belongs nowhere', {}, [], { step: 'no-access' }],
    ['one open tenant', {}, [acme], { step: 'consent', chosen: acme }],
    ['an open one before one that wants more, whatever the order', {}, [globex, acme], { step: 'consent', chosen: acme }],
    ['only one that wants more', {}, [globex], { step: 'prove-more', tenantId: 'globex', wanted: secondFactor }],
    ['more was proven', { person: person(true) }, [globex, acme], { step: 'consent', chosen: globex }],
    [
      'the one that wants more was chosen',
      chosen('globex'),
      [acme, globex],
      { step: 'prove-more', tenantId: 'globex', wanted: secondFactor },
    ],
    ['chosen and proven', { ...chosen('globex'), person: person(true, true) }, [acme, globex], { step: 'consent', chosen: globex }],
    [
      'asked once and not proven',
      { ...chosen('globex'), person: person(false, true) },
      [globex],
      { step: 'unproven', tenant: globex.tenant, lacks: ['second factor'], asker: 'tenant' },
    ],
    ['the upstream could not be asked', { ...chosen('globex'), notice: 'unreachable' }, [globex], { step: 'proof-unreachable' }],
    ['the trip came to nothing', { ...chosen('globex'), notice: 'step-up-cancelled' }, [globex], { step: 'unproven' }],
    ['one chosen that is not theirs any more', chosen('globex'), [acme], { step: 'consent', chosen: acme }],
    ['one chosen that was never theirs', chosen('initech'), [acme, globex], { step: 'consent', chosen: acme }],
  ])('with %s', (_, changed, belongings, step) => {
    expect(nextStep(transaction(consenting(changed)), facts(belongings))).toMatchObject(step);
  });

  it('never is consent asked for a tenant that is not theirs or wants more than was proven', () => {
    const belongings = fc.subarray([acme, globex, belongs('initech', true)]);
    const tenants = fc.constantFrom(null, 'acme', 'globex', 'initech', 'elsewhere');
    const notices = fc.constantFrom(null, 'step-up-cancelled' as const, 'unreachable' as const, 'changed-meanwhile' as const);
    fc.assert(
      fc.property(belongings, tenants, notices, fc.boolean(), fc.boolean(), (theirs, tenant, notice, mfa, askedForMfa) => {
        const tenantId = tenant === null ? null : TenantId.parse(tenant);
        const step = nextStep(transaction(consenting({ person: person(mfa, askedForMfa), tenantId, notice })), facts(theirs));
        if (step.step !== 'consent') return;
        expect(theirs).toContain(step.chosen);
        expect(step.chosen.tenant.demand.mfa && !mfa).toBe(false);
      }),
    );
  });

  const writing = (demand: AssuranceDemand) => ({
    scopes: resource.scopes.map((scope) => (scope.name === 'notes:write' ? { ...scope, demand } : scope)),
  });
  const recent = { ...noDemand, maxAge: 600 };
  const old = { ...nothingProven, auth_time: now / 1000 - 900 };

  it('a scope that wants more is asked for once, and the person goes on without it when it is not proven', () => {
    const before = nextStep(transaction(consenting()), facts([acme], writing(wanted)));
    expect(before).toMatchObject({ step: 'prove-more', tenantId: 'acme', wanted: { ...secondFactor, optional: true } });
    const after = nextStep(transaction(consenting({ person: person(false, true) })), facts([acme], writing(wanted)));
    expect(after).toMatchObject({ step: 'consent', offered: ['notes:read'], withheld: new Map([['notes:write', ['second factor']]]) });
    const proven = nextStep(transaction(consenting({ person: person(true, true) })), facts([acme], writing(wanted)));
    expect(proven).toMatchObject({ step: 'consent', offered: ['notes:read', 'notes:write'], withheld: new Map() });
  });

  it('a scope that was not asked for, or that the role does not allow, sends nobody anywhere', () => {
    const reading = nextStep(transaction(consenting(), { scope: ['notes:read'] }), facts([acme], writing(wanted)));
    expect(reading).toMatchObject({ step: 'consent', offered: ['notes:read'] });
    const viewer = { ...acme, permissions: ['notes.read'] };
    expect(nextStep(transaction(consenting()), facts([viewer], writing(wanted)))).toMatchObject({ step: 'consent', withheld: new Map() });
  });

  it('with nothing left to tick there is nothing to consent to', () => {
    const only = transaction(consenting({ person: person(false, true) }), { scope: ['notes:write'] });
    expect(nextStep(only, facts([acme], writing(wanted)))).toMatchObject({ step: 'unproven', asker: 'resource', lacks: ['second factor'] });
  });

  it.each<[string, Partial<Person>, Partial<Resource>, Partial<FrozenRequest>, object]>([
    ['the resource wants a second factor', {}, { demand: wanted }, {}, { step: 'prove-more', wanted: secondFactor }],
    ['and was asked', { asked: wanted }, { demand: wanted }, {}, { step: 'unproven', asker: 'resource' }],
    ['the client wants a second factor', {}, {}, { demand: wanted }, { step: 'prove-more', wanted: secondFactor }],
    ['and it was asked', { asked: wanted }, {}, { demand: wanted }, { step: 'unproven', asker: 'client' }],
    [
      'the sign-in is too old',
      { assurance: old },
      { demand: recent },
      {},
      { step: 'prove-more', wanted: { demand: recent, afresh: true, optional: false } },
    ],
    ['and was asked for anew', { assurance: old, asked: recent }, { demand: recent }, {}, { step: 'unproven', lacks: ['recent sign-in'] }],
    [
      'it was asked whether it is of today, and has to be of this hour',
      { assurance: old, asked: { ...noDemand, maxAge: 86_400 } },
      { demand: recent },
      {},
      { step: 'prove-more' },
    ],
    [
      'for the client it is as old as it was when the trip began',
      { assurance: old, askedAt: now - 600_000 },
      {},
      { demand: recent },
      { step: 'consent' },
    ],
    ['for the resource as old as it is now', { assurance: old, askedAt: now - 600_000 }, { demand: recent }, {}, { step: 'prove-more' }],
  ])('when %s', (_, changed, about, request, step) => {
    const stage = consenting({ person: { ...person(false), ...changed } });
    expect(nextStep(transaction(stage, request), facts([acme], about))).toMatchObject(step);
  });

  it('no one is sent for the same proof twice, and nothing is offered for which the sign-in proved too little', () => {
    const demands = fc.record({ mfa: fc.boolean(), phishingResistant: fc.boolean(), maxAge: fc.constantFrom(null, 60, 600) });
    const proofs = fc.record({ mfa: fc.boolean(), phishingResistant: fc.boolean(), auth_time: fc.constantFrom(null, now / 1000 - 300) });
    fc.assert(
      fc.property(proofs, demands, demands, demands, demands, demands, (proof, ofTenant, ofResource, ofScope, ofClient, asked) => {
        const assurance = { ...nothingProven, ...proof };
        const stage = consenting({ person: { ...person(false), assurance, asked } });
        const tenant = { ...acme, tenant: { ...acme.tenant, demand: ofTenant } };
        const about = facts([tenant], { demand: ofResource, ...writing(ofScope) });
        const step = nextStep(transaction(stage, { demand: ofClient }), about);
        if (step.step === 'prove-more') {
          expect(includes(asked, step.wanted.demand)).toBe(false);
          const again = consenting({ person: { ...person(false), assurance, asked: step.wanted.demand } });
          expect(nextStep(transaction(again, { demand: ofClient }), about).step).not.toBe('prove-more');
        }
        if (step.step !== 'consent') return;
        expect(satisfies(assurance, strictest(ofTenant, ofResource), now)).toBe(true);
        expect(step.offered.includes('notes:write')).toBe(satisfies(assurance, ofScope, now));
        expect(permittedScope(about.resource, step.offered, tenant.permissions)).toEqual(step.offered);
      }),
    );
  });
});
