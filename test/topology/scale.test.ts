/** That the numbers of docs/scale.md are those of the code. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { given } from '../../scripts/scale/assumptions.ts';
import { loads, missesPerBurst, shardsFor, stored } from '../../scripts/scale/derive.ts';
import { measure } from '../../scripts/scale/measure.ts';
import type { Measured } from '../../scripts/scale/measure.ts';
import { tables, withTables } from '../../scripts/scale.ts';
import { collections } from '../../src/stores/collections.ts';
import { feedTimes } from '../../src/stores/authority-feed.ts';
import { read } from '../docs/support.ts';

const document = read('docs/scale.md');
let measured: Measured;
beforeAll(async () => {
  measured = await measure();
}, 60_000);

describe('docs/scale.md', () => {
  it('has every table as it is now: run node build/scripts/scale.js --write when it has not', () => {
    const current = tables(measured);
    for (const name of Object.keys(current)) expect(document).toContain(`<!-- table ${name} -->`);
    expect(withTables(document, current)).toBe(document);
    expect(withTables(document.replace('100,000,000', '99'), current)).toBe(document);
  });

  it('says in words what the tables say in numbers', () => {
    const byGrant = loads(measured, true);
    const all = byGrant.reduce((sum, { writes }) => sum + writes, 0);
    const onRecord = byGrant.find(({ name }) => name === 'tool calls: on record')?.writes ?? 0;
    expect(onRecord / all).toBeCloseTo(0.9, 1);
    const lying = stored(measured);
    const audit = lying.find(({ name }) => name === 'audit_events')?.terabytes ?? 0;
    expect(audit / lying.reduce((sum, { terabytes }) => sum + terabytes, 0)).toBeGreaterThan(0.99);
    expect(missesPerBurst(false) / given('burst')).toBeCloseTo(0.9, 1);
    expect(document).toContain(`every ${feedTimes.interval} ms at the last ${feedTimes.overlap / 1_000} s`);
    expect(document).toContain(`under 1,000 rows, ${Math.floor(1_000_000 / feedTimes.overlap)} per second`);
    expect(document).toContain(`that is ${Math.floor(500_000 / feedTimes.overlap)} endings per second`);
    expect(document).toContain(`not been heard for ${feedTimes.staleness / 1_000} s`);
    for (const { scatteredIn } of Object.values(measured.costs)) expect(['', 'memberships']).toContain(scatteredIn.join());
  });

  it('gives every collection a shard key, and relies on no uniqueness but that of ids', () => {
    for (const { name, unique } of collections) {
      const row = new RegExp(`^\\| \`${name}\` +\\| (\`\\{ _id: hashed \\}\`|not sharded)`, 'm').exec(document);
      expect([name, row?.[1]]).toEqual([name, unique.length > 0 ? 'not sharded' : expect.stringMatching(/./)]);
    }
  });

  it('counts what the product does: nothing for a registration, nothing read for a call that is remembered', () => {
    const { costs } = measured;
    expect(costs.registration).toMatchObject({ reads: 0, writes: 0 });
    expect(costs['tool call, remembered']).toMatchObject({ reads: 0, writes: 1, readWaves: 0, writeWaves: 1 });
    expect(costs['tool call, nothing remembered'].reads).toBe(5);
    expect(costs['first sign-in'].writes).toBeGreaterThan(costs['sign-in'].writes);
    expect(shardsFor(loads(measured, false)).forReads).toBeGreaterThan(shardsFor(loads(measured, true)).forReads);
  });
});
