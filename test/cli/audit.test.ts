import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { reportAudit } from '../../src/cli/audit.ts';
import { readOptions } from '../../src/cli/options.ts';
import type { AuditRecord } from '../../src/domain/audit-event.ts';
import { readAuditChains } from '../../src/stores/audit-log.ts';
import { auditEvents } from '../../src/stores/collections.ts';
import { callTool, login } from '../support/client.ts';
import { startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';

let system: System;
beforeAll(async () => {
  system = await startSystem();
  const { tokens } = await login(system);
  await callTool(system, tokens.access_token, 'whoami');
  await callTool(system, tokens.access_token, 'delete_notes');
});
afterAll(() => system.close());

const everything = { tenant: null, user: null, event: null, since: null, until: null };
const report = (query = {}, asJson = false) => reportAudit(readAuditChains(system.engine), { ...everything, ...query }, asJson);

describe('the audit command', () => {
  it('[AM-31] [AM-32] tells who did what through which client and the rule that decided, in order', async () => {
    const { lines, broken } = await report();
    const events = lines.map((line) => line.split(' ')[1]);
    expect(events).toEqual(['policy.changed', 'login.succeeded', 'consent.approved', 'token.issued', 'tool.allowed', 'tool.refused']);
    expect(lines[4]).toMatch(/tool\.allowed u_\S+ acme "Test client" whoami · tool whoami: scope read/);
    expect(lines[5]).toMatch(/tool\.refused u_\S+ acme "Test client" delete_notes · .*lacks permission notes:delete/);
    expect(broken).toEqual([]);
  });

  it('takes what is asked for and still checks the rest', async () => {
    const { lines, checked } = await report({ event: 'tool.refused', tenant: 'acme' }, true);
    expect(lines.map((line) => (JSON.parse(line) as { event: unknown }).event)).toEqual([
      expect.objectContaining({ tool: 'delete_notes' }),
    ]);
    expect((await report({ tenant: 'globex' })).lines).toEqual([]);
    expect(checked).toBe(6);
  });

  it('names the row that was changed after it was written, and the rows missing', async () => {
    const { value: chain } = await readAuditChains(system.engine).next();
    const third = (chain as readonly AuditRecord[])[2];
    const id = `${third?.chain ?? ''}:000000000003`;
    const event = { ...third?.event, userId: 'u_somebody_else' };
    const before = await system.engine.updateIf(auditEvents, id, {}, { set: { event } }, 'before');
    expect((await report()).broken).toEqual([{ chain: third?.chain, sequence: 3 }]);
    await system.engine.updateIf(auditEvents, id, {}, { set: { event: before?.['event'] } }, 'after');
    expect((await report()).broken).toEqual([]);
    await system.engine.delete(auditEvents, id);
    expect((await report()).broken).toEqual([{ chain: third?.chain, sequence: 4 }]);
  });

  it('reads its options, dates included', () => {
    expect(readOptions(['audit', '--tenant', 'acme', '--since', '2026-11-21', '--json'])).toEqual({
      command: 'audit',
      config: null,
      query: { ...everything, tenant: 'acme', since: Date.UTC(2026, 10, 21) },
      json: true,
    });
    expect(readOptions([])).toEqual({ command: 'start', config: null, fresh: false });
    expect(readOptions(['--fresh'])).toEqual({ command: 'start', config: null, fresh: true });
    expect(readOptions(['audit', '--config', 'x.yaml'])).toMatchObject({ command: 'audit', config: 'x.yaml' });
  });
});
