import { expect } from '@jest/globals';
import { ConnectionId, RoleId, TenantId, TransactionId, UserId } from '../../../src/domain/ids.ts';
import { judgePasskey } from '../../../src/domain/second-factor.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { nodeEntropy } from '../../../src/platform/node-entropy.ts';
import { openSealing } from '../../../src/platform/node-sealing.ts';
import type { DocumentEngine } from '../../../src/ports/document-engine.ts';
import { openInvitations } from '../../../src/stores/invitations.ts';
import { openConnectionTests } from '../../../src/stores/connection-tests.ts';
import { openProvenDomains } from '../../../src/stores/proven-domains.ts';
import { openSecondFactors } from '../../../src/stores/second-factors.ts';
import { openUpstreamSessions } from '../../../src/stores/upstream-sessions.ts';

const sealing = openSealing(new Secret<'key'>(Buffer.alloc(32, 7).toString('base64url')));
const storesOf = (engine: DocumentEngine) => ({
  tests: openConnectionTests(engine),
  invitations: openInvitations(engine),
  domains: openProvenDomains(engine),
  factors: openSecondFactors(engine, sealing),
  sessions: openUpstreamSessions(engine, sealing),
});

/** Rows of what the demonstration leaves off, written and worked with as the product does, by the stores themselves. */
export function occasionalRows() {
  const now = Date.now();
  const expiresAt = now + 600_000;
  const [connectionId, userId] = [ConnectionId.parse('elsewhere'), UserId.parse('user-elsewhere')];
  const test = {
    id: TransactionId.parse(nodeEntropy.id()),
    version: 0,
    browser: 'digest',
    connectionId,
    createdAt: now,
    expiresAt,
    stage: { at: 'judging' as const },
  };
  const invitation = {
    id: 'start:elsewhere',
    version: 1,
    tenantId: TenantId.parse('elsewhere'),
    role: RoleId.parse('admin'),
    source: 'start' as const,
    by: null,
    key: 'key',
    stage: { at: 'open' as const },
    createdAt: now,
    expiresAt,
  };
  const domain = { id: 'acme.example', value: 'drawbridge=seen', provenAt: now, seenAt: now, expiresAt };
  const factor = {
    id: userId,
    enrolment: 'first',
    version: 0,
    lastStep: 0,
    recovery: ['digest'],
    failures: 0,
    lockedUntil: 0,
    enrolledAt: now,
  };
  const passkey = { id: 'passkey', publicKey: 'key', counter: 1, transports: ['usb'], addedAt: now };
  const byPasskey = { ...factor, id: UserId.parse('user-with-passkey'), passkeys: [{ ...passkey, heldBy: { newer: true } }] };
  const session = { id: 'person elsewhere', userId, connectionId, sid: 's-1', stands: true, seenAt: now, askedUntil: 0, expiresAt };
  return {
    async write(engine: DocumentEngine): Promise<void> {
      const { tests, invitations, domains, factors, sessions } = storesOf(engine);
      expect(await invitations.add(invitation)).toBe(true);
      expect([await tests.add(test), await factors.add(factor, 'SECRET')]).toEqual([true, 'added']);
      expect(await factors.add(byPasskey, null)).toBe('added');
      await domains.keep(domain);
      await sessions.put(session, new Secret('upstream'));
      expect(await sessions.firstHeard('signal-1', now)).toBe(now);
    },
    async workWith(engine: DocumentEngine): Promise<void> {
      const { tests, invitations, domains, factors, sessions } = storesOf(engine);
      expect(await invitations.advance({ ...invitation, version: 2, stage: { at: 'withdrawn' } })).toBe(true);
      expect(await tests.advance({ ...test, version: 1, stage: { at: 'over', outcome: 'sealed' } })).toBe(true);
      expect(await tests.get(test.id)).toMatchObject({ version: 1, stage: { at: 'over' } });
      expect(await domains.all()).toMatchObject([domain]);
      await domains.keep({ ...domain, seenAt: now + 1 });
      const kept = await factors.get(userId);
      expect(kept === null ? null : factors.secretOf(kept)).toBe('SECRET');
      const judged = { version: 1, lastStep: 5, recovery: ['digest'], failures: 1, lockedUntil: 0 };
      expect(kept === null ? null : await factors.settle(kept, judged)).toBe(true);
      const other = await factors.get(byPasskey.id);
      const used = other === null ? null : judgePasskey(other, { id: 'passkey', counter: 2 }, now);
      expect(other === null || used?.verdict !== 'right' ? null : await factors.settle(other, used.change)).toBe(true);
      expect((await factors.get(byPasskey.id))?.passkeys).toEqual([{ ...passkey, counter: 2, heldBy: { newer: true } }]);
      expect(await sessions.lease({ ...session, sealed: null }, now + 1000)).toBe(true);
      const leased = await sessions.get(session.id);
      expect(leased === null ? null : sessions.tokenOf(leased)?.reveal()).toBe('upstream');
      if (leased !== null) expect(await sessions.settle(leased, { stands: true, seenAt: now + 1 })).toBe(true);
      expect(await sessions.firstHeard('signal-1', now + 5)).toBe(now);
    },
  };
}
