import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOptions } from '../../src/cli/options.ts';
import { GrantId, UserId } from '../../src/domain/ids.ts';
import { raise } from '../../src/domain/local-evidence.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import { auditEvents, grants, secondFactors, users } from '../../src/stores/collections.ts';
import { openStore } from '../../src/stores/open-store.ts';
import { nothingProven } from '../support/assurance.ts';
import { makeGrant } from '../support/grant.ts';
import { removeTemporaryFolders, runProduct } from '../support/product-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'factor-'));
const store = `sqlite:${join(folder, 'store.db')}`;
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await removeTemporaryFolders();
});

const id = UserId.parse('u_1');
const [on, beside] = [GrantId.parse('a'.repeat(22)), GrantId.parse('b'.repeat(22))];

async function withStore<T>(use: (engine: Awaited<ReturnType<typeof openStore>>) => Promise<T>): Promise<T> {
  const engine = await openStore(store, { clock: systemClock, log: () => undefined });
  return use(engine).finally(() => engine.close());
}

const reset = (...args: string[]) => runProduct({ args: ['second-factor', 'reset', ...args], env: { DRAWBRIDGE_STORE: store } });

describe('second-factor reset', () => {
  it('takes the factor away, ends what was granted on it and nothing else, records it, and finds nothing left when asked again', async () => {
    await withStore(async (engine) => {
      await engine.insert(users, { id, name: 'Ana', email: null, status: 'active', createdAt: 1, seenAt: 1 });
      const factor = { enrolment: 'e', version: 1, sealed: 's', lastStep: 1, recovery: [], failures: 0, lockedUntil: 0, enrolledAt: 1 };
      await engine.insert(secondFactors, { id, ...factor });
      await engine.insert(grants, makeGrant({ id: on, userId: id, assurance: raise(nothingProven, 'totp', 1000) }));
      await engine.insert(grants, makeGrant({ id: beside, userId: id, assurance: nothingProven }));
    });
    expect(await reset('--user', 'u_1', '--json')).toMatchObject({ code: 0, stdout: '{"removed":true,"ended":1}\n' });
    await withStore(async (engine) => {
      expect(await engine.page(secondFactors)).toEqual([]);
      expect((await engine.page(grants)).map(({ stage }) => stage)).toEqual(['ended', 'live']);
      const events = (await engine.page(auditEvents)).map(({ event }) => event as Record<string, unknown>);
      expect(events.map(({ event, userId, rule }) => [event, userId, rule])).toEqual([
        ['factor.reset', 'u_1', 'reset by an operator'],
        ['grant.ended', 'u_1', 'the second factor was reset'],
      ]);
    });
    expect(await reset('--user', 'u_1')).toMatchObject({ code: 0, stdout: 'there was no second factor; 0 grants ended\n' });
    expect(await reset('--user', 'u_2')).toMatchObject({ code: 1, stdout: '', stderr: 'There is no user "u_2".\n' });
  });

  it('reads its options, and wants to know whose', async () => {
    const options = { command: 'second-factor reset', config: 'd.yaml', user: 'u_1', json: true };
    expect(readOptions(['second-factor', 'reset', '--user', 'u_1', '--config', 'd.yaml', '--json'])).toEqual(options);
    expect(await reset()).toMatchObject({ code: 1, stdout: '' });
  });
});
