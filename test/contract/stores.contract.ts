import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { noDemand } from '../../src/domain/assurance-demand.ts';
import { firstBroken } from '../../src/domain/audit-chain.ts';
import type { AuditEvent, AuditRecord } from '../../src/domain/audit-event.ts';
import { TransactionId } from '../../src/domain/ids.ts';
import type { FrozenRequest, Transaction } from '../../src/domain/transaction.ts';
import { advance } from '../../src/domain/transaction.ts';
import type { DocumentEngine } from '../../src/ports/document-engine.ts';
import { StoreUnavailable } from '../../src/ports/document-engine.ts';
import { openAuditLog, readAuditChains } from '../../src/stores/audit-log.ts';
import { collections } from '../../src/stores/collections.ts';
import { openGrants } from '../../src/stores/grants.ts';
import { openSigningKeys } from '../../src/stores/signing-keys.ts';
import { openTransactions } from '../../src/stores/transactions.ts';
import { makeGrant } from '../support/grant.ts';
import { hookEngine } from '../support/slow-engine.ts';
import type { OpenEngine } from './engine.contract.ts';
import { domainRows } from './stores-domains.contract.ts';
import { groupNameRows } from './stores-group-names.contract.ts';
import { provisionedRowsContract } from './stores-provisioned.contract.ts';
import { factorRows } from './stores-factors.contract.ts';
import type { Opened } from './stores-people.contract.ts';
import { many } from '../support/many.ts';
import { policyRows } from './stores-policies.contract.ts';
import { clientRows, membershipRows, userRows } from './stores-people.contract.ts';
import { noFeed } from '../../src/ports/authority-feed.ts';

/** What every store promises over any engine, sentence by sentence. `slow` makes an engine as slow as one across a network. */
export function storesContract(name: string, open: OpenEngine, slow: (engine: DocumentEngine) => DocumentEngine): void {
  describe(`${name}: the stores`, () => {
    let engine: DocumentEngine;
    beforeEach(async () => {
      engine = slow(await open(collections));
    });
    afterEach(() => engine.close());
    const opened = (): DocumentEngine => engine;

    grantRows(opened);
    transactionRows(opened);
    userRows(opened);
    policyRows(() => engine);
    membershipRows(opened);
    clientRows(opened);
    keyRows(opened);
    domainRows(opened);
    groupNameRows(opened);
    factorRows(opened);
    provisionedRowsContract(opened);
    auditRows(opened);
  });
}

function grantRows(engine: Opened): void {
  describe('grants', () => {
    const coded = makeGrant({ stage: 'coded' });
    const { id } = coded;
    const once = { usedAt: 5, idleEndsAt: 49, expiresAt: 50 };

    it('adds the grant, once: a second add of the same id changes nothing', async () => {
      const grants = openGrants(engine(), noFeed);
      expect(await grants.get(id)).toBeNull();
      expect(await grants.add(coded)).toBe('added');
      expect(await grants.add({ ...coded, scope: ['everything'] })).toBe('exists');
      expect(await grants.get(id)).toEqual(coded);
    });

    it('of any number of concurrent redeemers exactly one gets the grant [A6.06]', async () => {
      const grants = openGrants(engine(), noFeed);
      await grants.add(coded);
      const answers = await many(20, () => grants.redeem(id, once));
      expect(answers.filter((answer) => answer !== null)).toEqual([{ ...coded, stage: 'live', ...once }]);
      expect(await grants.redeem(id, once)).toBeNull();
    });

    it('of any number of concurrent callers with the same generation exactly one rotates', async () => {
      const grants = openGrants(engine(), noFeed);
      await grants.add(makeGrant());
      const answers = await many(20, (n) =>
        grants.rotate(id, 1, { generation: 2, rotations: [n], usedAt: n, idleEndsAt: n, expiresAt: n }),
      );
      const winners = answers.filter((answer) => answer !== null);
      expect(winners).toHaveLength(1);
      expect(await grants.get(id)).toEqual(winners[0]);
      expect(await grants.rotate(id, 1, { generation: 2, rotations: [], usedAt: 0, idleEndsAt: 0, expiresAt: 0 })).toBeNull();
    });

    it('ending is true for the one caller who ended it, whose reason stays', async () => {
      const grants = openGrants(engine(), noFeed);
      for (const stage of ['coded', 'live'] as const) {
        const grant = makeGrant({ stage, id: makeGrant().id.replaceAll('g', stage.charAt(0)) as typeof id });
        await grants.add(grant);
        const answers = await many(20, (n) => grants.end(grant.id, `reason ${n}`));
        expect(answers.filter(Boolean)).toHaveLength(1);
        expect(await grants.get(grant.id)).toMatchObject({ stage: 'ended', endedBecause: `reason ${answers.indexOf(true)}` });
      }
      expect(await grants.end(id, 'never there')).toBe(false);
    });

    it('once ended, nothing of the grant works any more, whoever is at it at that moment', async () => {
      const grants = openGrants(engine(), noFeed);
      for (let round = 0; round < 5; round += 1) {
        const racer = makeGrant({ stage: 'coded', id: String(round).repeat(22) as typeof id });
        await grants.add(racer);
        const [, , ended] = await Promise.all([
          grants.redeem(racer.id, once),
          grants.rotate(racer.id, 1, { generation: 2, rotations: [], ...once }),
          grants.end(racer.id, 'taken back'),
        ]);
        expect(ended).toBe(true);
        expect(await grants.get(racer.id)).toMatchObject({ stage: 'ended' });
        expect(await grants.redeem(racer.id, once)).toBeNull();
        expect(await grants.rotate(racer.id, 1, { generation: 2, rotations: [], ...once })).toBeNull();
      }
    });
  });
}

function transactionRows(engine: Opened): void {
  describe('transactions', () => {
    const id = TransactionId.parse('t'.repeat(22));
    const request = {
      client_id: 'c',
      client_name: 'C',
      verifiedHost: null,
      configured: false,
      state: null,
      resourceId: 'r',
      tenantId: null,
    };
    const more = { scope: [], asked: [], offlineAccess: false, code_challenge: 'x', login_hint: null, prompt: null, demand: noDemand };
    const returnAddress = { uri: 'http://127.0.0.1/cb', kind: 'loopback', host: '127.0.0.1' };
    const first: Transaction = {
      id,
      version: 1,
      browser: 'b',
      request: { ...request, ...more, returnAddress } as unknown as FrozenRequest,
      stage: { at: 'choosing', notice: null },
      createdAt: 0,
      expiresAt: 1,
    };

    it('of any number of concurrent callers exactly one writes over a version', async () => {
      const transactions = openTransactions(engine());
      expect(await transactions.get(id)).toBeNull();
      await transactions.add(first);
      const notices = ['unreachable', 'sign-in-cancelled'] as const;
      const nexts = Array.from({ length: 20 }, (_, n) => advance(first, { at: 'choosing', notice: notices[n % 2] ?? null }));
      const answers = await many(20, (n) => transactions.advance(nexts[n] ?? first));
      expect(answers.filter(Boolean)).toHaveLength(1);
      expect(await transactions.get(id)).toEqual(nexts[answers.indexOf(true)]);
    });

    it('a writer who read an older version writes nothing', async () => {
      const transactions = openTransactions(engine());
      await transactions.add(first);
      const second = advance(first, { at: 'stopped' });
      expect(await transactions.advance(second)).toBe(true);
      expect(await transactions.advance(advance(first, { at: 'choosing', notice: null }))).toBe(false);
      expect(await transactions.get(id)).toEqual(second);
    });

    it('an expired one is given out all the same: its reader judges that [W184]', async () => {
      const transactions = openTransactions(engine());
      await transactions.add({ ...first, expiresAt: -1 });
      expect(await transactions.get(id)).not.toBeNull();
    });
  });
}

function keyRows(engine: Opened): void {
  describe('signing keys', () => {
    it('adds a key unless its number is taken: of two instances one makes the successor', async () => {
      const store = openSigningKeys(engine());
      const key = (by: number) => ({ id: 'key-1', number: 1, alg: 'ES256', publicKey: { by }, sealed: 's', activeFrom: 0 });
      const answers = await many(20, (n) => store.add(key(n)));
      expect(answers.filter((answer) => answer === 'added')).toHaveLength(1);
      expect(await store.all()).toEqual([key(answers.indexOf('added'))]);
    });
  });
}

function auditRows(engine: Opened): void {
  describe('the audit log', () => {
    const event = (n: number): AuditEvent => ({ event: 'grant.ended', rule: `reason ${n}`, userId: `u_${n}`, tenantId: 'acme' });
    const clock = { now: () => 7 };

    async function chains(): Promise<Map<string, readonly AuditRecord[]>> {
      const found = new Map<string, readonly AuditRecord[]>();
      for await (const chain of readAuditChains(engine())) found.set(chain[0]?.chain ?? '', chain);
      return found;
    }

    it('keeps events in the order they came, linked, however many at once; each instance its own chain', async () => {
      const [one, other] = ['one', 'other'].map((chain) => openAuditLog(engine(), { chain, clock }));
      await Promise.all([many(50, async (n) => one?.append(event(n))), many(20, async (n) => other?.append(event(n)))]);
      const written = await chains();
      expect(written.get('one')?.map((record) => record.event)).toEqual(Array.from({ length: 50 }, (_, n) => event(n)));
      expect(written.get('other')).toHaveLength(20);
      for (const chain of written.values()) expect(firstBroken(chain)).toBeNull();
    });

    it('an event that could not be written is written with the next one, so that no chain has a hole', async () => {
      let down = false;
      const failing = hookEngine(engine(), (_, when) => {
        if (down && when === 'before') throw new StoreUnavailable('down for a test');
      });
      const log = openAuditLog(failing, { chain: 'one', clock });
      await log.append(event(0));
      down = true;
      for (const answer of await Promise.allSettled([1, 2, 3].map((n) => log.append(event(n))))) expect(answer.status).toBe('rejected');
      down = false;
      await log.append(event(4));
      const chain = (await chains()).get('one') ?? [];
      expect(firstBroken(chain)).toBeNull();
      expect(chain.map((record) => record.event)).toEqual([0, 1, 2, 3, 4].map(event));
    });

    it('an event that was written although the answer was lost is there once', async () => {
      let lost = true;
      const failing = hookEngine(engine(), (_, when) => {
        if (lost && when === 'after') throw new StoreUnavailable('lost for a test');
      });
      const log = openAuditLog(failing, { chain: 'one', clock });
      await expect(log.append(event(0))).rejects.toBeInstanceOf(StoreUnavailable);
      lost = false;
      await log.append(event(1));
      expect((await chains()).get('one')).toHaveLength(2);
    });

    it('what is owed is bounded: beyond it nothing is taken on until the store answers', async () => {
      let down = true;
      const failing = hookEngine(engine(), () => {
        if (down) throw new StoreUnavailable('down for a test');
      });
      const log = openAuditLog(failing, { chain: 'one', clock });
      for (let n = 0; n < 1500; n += 1) await expect(log.append(event(n))).rejects.toBeInstanceOf(StoreUnavailable);
      down = false;
      await log.append(event(9999));
      const chain = (await chains()).get('one') ?? [];
      expect(firstBroken(chain)).toBeNull();
      expect(chain).toHaveLength(1001);
    });

    it('resolves once the event is there to be read', async () => {
      const log = openAuditLog(engine(), { chain: 'one', clock });
      await log.append(event(1));
      expect((await chains()).get('one')).toHaveLength(1);
    });
  });
}
