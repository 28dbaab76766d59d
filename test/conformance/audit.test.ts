import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { firstBroken } from '../../src/domain/audit-chain.ts';
import type { AuditEvent, AuditRecord } from '../../src/domain/audit-event.ts';
import type { DocumentEngine } from '../../src/ports/document-engine.ts';
import { StoreUnavailable } from '../../src/ports/document-engine.ts';
import { readAuditChains } from '../../src/stores/audit-log.ts';
import { auditEvents, identities } from '../../src/stores/collections.ts';
import { callTool, claimsOf, login, postForm, redeem, refresh, register } from '../support/client.ts';
import type { SignedIn, TestClient, Tokens } from '../support/client.ts';
import { openRecorder } from '../support/recorder-mcp.ts';
import type { RecorderMcp } from '../support/recorder-mcp.ts';
import { alphaMfa, begin, beginConsent, rowsOf, startWithTwoIdps } from '../support/two-idps.ts';
import type { TwoIdps } from '../support/two-idps.ts';

let isAuditDown = false;
const withoutAudit = (engine: DocumentEngine): DocumentEngine => ({
  insert: (collection, document) =>
    isAuditDown && collection.name === auditEvents.name
      ? Promise.reject(new StoreUnavailable('no room for the audit'))
      : engine.insert(collection, document),
  get: (...given) => engine.get(...given),
  find: (...given) => engine.find(...given),
  updateIf: (...given) => engine.updateIf(...given),
  delete: (...given) => engine.delete(...given),
  page: (...given) => engine.page(...given),
  sweep: (...given) => engine.sweep(...given),
  close: () => engine.close(),
});

let system: TwoIdps;
let recorder: RecorderMcp;
beforeAll(async () => {
  recorder = await openRecorder();
  system = await startWithTwoIdps({
    wrapEngine: withoutAudit,
    configure: (config) => ({
      ...config,
      resources: config.resources.map((resource) => ({ ...resource, upstream: recorder.url })),
    }),
  });
});
afterAll(async () => {
  await system.close();
  await recorder.close();
});
afterEach(() => {
  isAuditDown = false;
  system.alpha.script = {};
});

async function records(): Promise<readonly AuditRecord[]> {
  const chains: (readonly AuditRecord[])[] = [];
  for await (const chain of readAuditChains(system.engine)) chains.push(chain);
  expect(chains).toHaveLength(1);
  return chains[0] ?? [];
}
const eventsOf = async ({ client_id }: TestClient): Promise<AuditEvent[]> =>
  (await records()).map(({ event }) => event).filter((event) => event.clientId === client_id);

const named = async (client_name: string): Promise<TestClient> => register(system, { client_name });
const exchange = ({ client, code, pkce }: SignedIn) =>
  redeem(system, { client_id: client.client_id, code, code_verifier: pkce.code_verifier, redirect_uri: client.redirect_uri });

describe('the life of one connection', () => {
  it('is on record from sign-in to the end, each with person, tenant, client and the rule that decided [AM-31] [AM-32] [AM-33]', async () => {
    const client = await named('Ana’s tool');
    const { tokens } = await login(system, { client, login: 'alice' });
    const { sub, grant_id } = claimsOf(tokens.access_token);
    const statuses = [];
    for (const tool of ['whoami', 'delete_notes', 'no_such_tool'])
      statuses.push((await callTool(system, tokens.access_token, tool)).status);
    expect(statuses).toEqual([200, 200, 200]);
    expect(recorder.requests).toHaveLength(1);
    const next = (await (await refresh(system, client, tokens.refresh_token, { scope: 'read' })).json()) as Tokens;
    expect(next.refresh_token).not.toBe(tokens.refresh_token);
    expect((await callTool(system, next.access_token, 'add_note')).status).toBe(403);
    expect(recorder.requests).toHaveLength(1);
    await postForm(`${system.issuer}/revoke`, { client_id: client.client_id, token: next.refresh_token });

    const who = { userId: sub, clientId: client.client_id, clientName: 'Ana’s tool' };
    const grant = { ...who, tenantId: 'acme', grantId: grant_id, resource: system.mcp };
    expect(await eventsOf(client)).toEqual([
      {
        ...who,
        event: 'login.succeeded',
        connectionId: 'demo',
        evidence: [],
        roles: ['editor', 'viewer'],
        rule: expect.stringMatching(/rule 1: group eng gives editor; .*viewer/),
      },
      { ...grant, event: 'consent.approved', connectionId: 'demo', scope: ['read', 'write'], rule: 'the person approved' },
      { ...grant, event: 'token.issued', scope: ['read', 'write'], rule: 'authorization_code' },
      { ...grant, event: 'tool.allowed', tool: 'whoami', rule: expect.stringContaining('tool whoami') },
      { ...grant, event: 'tool.refused', tool: 'delete_notes', rule: expect.stringContaining('lacks permission notes:delete') },
      { ...grant, event: 'tool.refused', tool: 'no_such_tool', rule: 'no rule for this tool' },
      { ...grant, event: 'token.refreshed', scope: ['read'], rule: 'refresh_token' },
      { ...grant, event: 'tool.refused', tool: 'add_note', rule: expect.stringContaining('lacks scope write') },
      { ...grant, event: 'grant.ended', rule: 'the client revoked it' },
    ]);
    // From the user on record back to the person at their identity provider.
    const [identity] = (await rowsOf(system, identities)).filter((row) => row['userId'] === sub);
    expect(identity).toMatchObject({ connectionId: 'demo', subject: 'demo-0001' });
  });

  it('names who, in which tenant and by which client for two people with one client and one person with two [AM-32]', async () => {
    const [shared, own] = [await named('Shared'), await named('Own')];
    for (const [who, client] of [
      ['alice', shared],
      ['carol', shared],
      ['alice', own],
    ] as const) {
      const { tokens } = await login(system, { login: who, client, scope: ['read'] });
      await callTool(system, tokens.access_token, 'list_notes');
    }
    const calls = (await records())
      .map(({ event }) => event)
      .filter(({ event, clientName }) => event === 'tool.allowed' && /Shared|Own/.test(clientName ?? ''));
    expect(calls.map(({ clientName }) => clientName)).toEqual(['Shared', 'Shared', 'Own']);
    const [alice, carol, again] = calls.map(({ userId }) => userId);
    expect({ differ: alice !== carol, same: alice === again }).toEqual({ differ: true, same: true });
    // Found by person and by tenant, as somebody asking about them would look.
    const byPerson = await system.engine.find(auditEvents, 'userId', carol ?? '', { limit: 1000 });
    expect(byPerson.map((row) => (row['event'] as AuditEvent).event)).toEqual([
      'login.succeeded',
      'consent.approved',
      'token.issued',
      'tool.allowed',
    ]);
    expect((await system.engine.find(auditEvents, 'tenantId', 'acme', { limit: 1000 })).length).toBeGreaterThan(5);
  });

  it('says what proved the second factor [AM-08] [AM-31] [Q-MFA-11]', async () => {
    system.alpha.script = { claims: (honest) => ({ ...honest, acr: alphaMfa, amr: ['mfa', 'pwd'] }) };
    const begun = await beginConsent(system, { client: await named('Strong') });
    const [event] = await eventsOf(begun.client);
    expect(event).toMatchObject({ event: 'login.succeeded', evidence: [`acr=${alphaMfa}`, 'amr=mfa'] });
  });

  it('has what was refused too: sign-ins, consent, codes and refresh tokens used again [AM-31]', async () => {
    const client = await named('Refused');
    for (const script of [
      { claims: (honest: Record<string, unknown>) => ({ ...honest, nonce: 'x' }) },
      { claims: (honest: Record<string, unknown>) => ({ ...honest, groups: undefined }) },
      { answer: (answer: URLSearchParams) => void (answer.delete('code'), answer.set('error', 'access_denied')) },
    ]) {
      system.alpha.script = script;
      await (await begin(system, { client })).browser.submit({}, { form: '/login/alpha' });
    }
    system.alpha.script = {};
    await (await beginConsent(system, { client })).browser.submit({}, { form: '/consent', press: 'Deny' });
    const replayed = await login(system, { client, scope: ['read'] });
    await exchange(replayed);
    const stolen = await login(system, { client, scope: ['read'] });
    await refresh(system, client, stolen.tokens.refresh_token);
    system.clock.advance(10 * 60_000);
    await refresh(system, client, stolen.tokens.refresh_token);
    const told = (await eventsOf(client)).map(({ event, rule }) => `${event}: ${rule}`).filter((line) => /refused|denied|ended/.test(line));
    expect(told).toEqual([
      'login.refused: untrustworthy',
      'login.refused: groups-unknown',
      'login.refused: cancelled',
      'consent.denied: the person said no',
      'grant.ended: the code was redeemed again',
      'grant.ended: a replaced refresh token was used after its grace',
    ]);
    expect(
      (await eventsOf(client))
        .filter(({ event }) => event === 'grant.ended')
        .every(({ userId, tenantId, grantId }) => userId !== undefined && tenantId === 'acme' && grantId !== undefined),
    ).toBe(true);
  });
});

describe('what is not on record does not happen', () => {
  it('a tool call that cannot be recorded is not forwarded, and the chain is whole afterwards', async () => {
    const { tokens, client } = await login(system, { client: await named('Unrecorded'), scope: ['read'] });
    const before = recorder.requests.length;
    isAuditDown = true;
    expect((await callTool(system, tokens.access_token, 'whoami')).status).toBe(503);
    expect(recorder.requests).toHaveLength(before);
    const refused = await refresh(system, client, tokens.refresh_token);
    expect(refused.status).toBe(503);
    isAuditDown = false;
    expect((await callTool(system, tokens.access_token, 'whoami')).status).toBe(200);
    expect(recorder.requests).toHaveLength(before + 1);
    // Nobody is stranded: the refresh token whose answer was lost still works.
    expect((await refresh(system, client, tokens.refresh_token)).status).toBe(200);
    expect(firstBroken(await records())).toBeNull();
  });

  it('nor is an approval lost: it is recorded once the store answers, and the person goes on in the same tab', async () => {
    const begun = await beginConsent(system, { client: await named('Late') });
    isAuditDown = true;
    const page = await begun.browser.submit({ scope: ['read'] }, { form: '/consent', press: 'Approve' });
    expect({ status: page.status, location: page.location }).toEqual({ status: 503, location: null });
    isAuditDown = false;
    const again = await begun.browser.get(`${system.issuer}${begun.path}`);
    expect(again.location?.searchParams.has('code')).toBe(true);
    await beginConsent(system);
    expect((await eventsOf(begun.client)).map(({ event }) => event)).toEqual(['login.succeeded', 'consent.approved']);
    expect(firstBroken(await records())).toBeNull();
  });
});

describe('the chain', () => {
  it('is whole after all this, without a gap, in the order of time', async () => {
    const chain = await records();
    expect(chain.length).toBeGreaterThan(40);
    expect(firstBroken(chain)).toBeNull();
    expect(chain.map(({ sequence }) => sequence)).toEqual(chain.map((_, index) => index + 1));
    expect(chain.every(({ at }, index) => index === 0 || at >= (chain[index - 1]?.at ?? 0))).toBe(true);
  });

  it('is whole when many things happen at once', async () => {
    const { tokens } = await login(system, { client: await named('Busy'), scope: ['read'] });
    await Promise.all(Array.from({ length: 30 }, () => callTool(system, tokens.access_token, 'whoami')));
    const chain = await records();
    expect(chain.filter(({ event }) => event.clientName === 'Busy' && event.event === 'tool.allowed')).toHaveLength(30);
    expect(firstBroken(chain)).toBeNull();
  });

  const change = async (record: AuditRecord, set: Record<string, unknown>): Promise<void> => {
    const id = `${record.chain}:${String(record.sequence).padStart(12, '0')}`;
    expect(await system.engine.updateIf(auditEvents, id, {}, { set }, 'after')).not.toBeNull();
  };

  it('shows one changed row: who, what, when, or a hash made to fit', async () => {
    const chain = await records();
    const victim = chain[Math.floor(chain.length / 2)] as AuditRecord;
    const { event, at, hash, previous } = victim;
    const lies: Record<string, unknown>[] = [
      { event: { ...event, userId: 'u_somebody_else' } },
      { event: { ...event, rule: 'nothing to see' } },
      { at: at + 1 },
      { hash: 'A'.repeat(43) },
      { previous: 'A'.repeat(43) },
    ];
    for (const lie of lies) {
      await change(victim, lie);
      expect(firstBroken(await records())?.sequence).toBe(victim.sequence);
      await change(victim, { event, at, hash, previous });
      expect(firstBroken(await records())).toBeNull();
    }
  });

  it('shows a row taken out, at the one after it', async () => {
    const chain = await records();
    const victim = chain[10] as AuditRecord;
    const id = `${victim.chain}:${String(victim.sequence).padStart(12, '0')}`;
    const row = await system.engine.get(auditEvents, id);
    expect(await system.engine.delete(auditEvents, id)).toBe(true);
    expect(firstBroken(await records())?.sequence).toBe(victim.sequence + 1);
    if (row !== null) await system.engine.insert(auditEvents, row);
    expect(firstBroken(await records())).toBeNull();
  });
});
