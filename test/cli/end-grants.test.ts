import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readOptions } from '../../src/cli/options.ts';
import type { AuditEvent } from '../../src/domain/audit-event.ts';
import { endGrants } from '../../src/flows/end-grants.ts';
import { noFeed } from '../../src/ports/authority-feed.ts';
import { readGrants } from '../../src/stores/all-grants.ts';
import { openGrants } from '../../src/stores/grants.ts';
import { callTool, claimsOf, login } from '../support/client.ts';
import type { SignedIn } from '../support/client.ts';
import { removeTemporaryFolders, runProduct } from '../support/product-process.ts';
import { startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(async () => {
  await system.close();
  await removeTemporaryFolders();
});

const works = async ({ tokens }: SignedIn) => (await callTool(system, tokens.access_token, 'whoami')).status === 200;

async function end(query: Partial<Parameters<ReturnType<typeof endGrants>>[1]>) {
  const records: AuditEvent[] = [];
  const audit = { append: async (event: AuditEvent) => Promise.resolve(void records.push(event)) };
  const everybody = { user: null, tenant: null, before: Number.POSITIVE_INFINITY };
  const ending = endGrants({ grants: openGrants(system.engine, noFeed), audit });
  const { ended } = await ending(readGrants(system.engine), { ...everybody, ...query }, () => undefined);
  return { ended, records: records.map(({ event, grantId, rule }) => ({ event, grantId, rule })) };
}

describe('grants end', () => {
  it('ends what was meant and nothing else, each with its record, and finds nothing left when asked again', async () => {
    const alice = await login(system, { tenant: 'acme' });
    const inGlobex = await login(system, { tenant: 'globex', scope: ['read'] });
    const carol = await login(system, { login: 'carol' });
    const idOf = ({ tokens }: SignedIn, claim: string) => String(claimsOf(tokens.access_token)[claim]);
    const since = Date.now();
    const standing = async () => [await works(alice), await works(inGlobex), await works(carol)];

    expect(await end({ before: since - 60_000 })).toEqual({ ended: 0, records: [] });
    expect(await standing()).toEqual([true, true, true]);
    const one = { event: 'grant.ended', rule: 'ended by an operator' };
    expect(await end({ user: idOf(alice, 'sub'), tenant: 'globex' })).toEqual({
      ended: 1,
      records: [{ ...one, grantId: idOf(inGlobex, 'grant_id') }],
    });
    expect(await standing()).toEqual([true, false, true]);
    expect(await end({ user: idOf(alice, 'sub') })).toEqual({ ended: 1, records: [{ ...one, grantId: idOf(alice, 'grant_id') }] });
    expect(await standing()).toEqual([false, false, true]);
    expect((await end({})).ended).toBe(1);
    expect(await standing()).toEqual([false, false, false]);
    expect(await end({})).toEqual({ ended: 0, records: [] });
  });

  it('reads its options', () => {
    const nobody = { command: 'grants end', config: null, user: null, tenant: null, before: null, json: false };
    expect(readOptions(['grants', 'end', '--all'])).toEqual(nobody);
    expect(readOptions(['grants', 'end', '--tenant', 'acme', '--before', '2026-11-21', '--json', '--config', 'd.yaml'])).toEqual({
      ...nobody,
      tenant: 'acme',
      before: Date.UTC(2026, 10, 21),
      json: true,
      config: 'd.yaml',
    });
  });

  it.each([[[]], [['--all', '--user', 'u_1']], [['--all', '--before', 'yesterday']]])(
    'with %j is refused in a sentence, and makes nothing',
    async (args) => {
      expect(await runProduct({ args: ['grants', 'end', ...args] })).toMatchObject({ code: 1, stdout: '' });
    },
  );

  it('where there is no store says so', async () => {
    const run = await runProduct({ args: ['grants', 'end', '--all'] });
    expect(run).toMatchObject({ code: 1, stdout: '', stderr: 'There is no store at ./data/drawbridge.db.\n' });
  });
});
