import { expect, it } from '@jest/globals';
import { GrantId } from '../../src/domain/ids.ts';
import { nodeEntropy } from '../../src/platform/node-entropy.ts';
import { systemClock } from '../../src/platform/system-clock.ts';

it('makes ids of 128 bits and secrets of 256, never twice', () => {
  const ids = Array.from({ length: 1000 }, () => nodeEntropy.id());
  const secrets = Array.from({ length: 1000 }, () => nodeEntropy.secret());
  expect(new Set([...ids, ...secrets]).size).toBe(2000);
  for (const id of ids) expect(GrantId.safeParse(id).success).toBe(true);
  for (const secret of secrets) expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
  expect(nodeEntropy.bytes(12)).toHaveLength(12);
});

it('tells the time in milliseconds', () => {
  const before = Date.now();
  const now = systemClock.now();
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now());
});
