/** The judge of the soak runs, judged: what it must notice, and what it must not mistake for a leak. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { openDice } from '../faults/support/seed.ts';
import { inspected, openMemory } from './memory.ts';
import { trendOf } from './trend.ts';
import type { Sample } from './trend.ts';

const dice = openDice(20);
const noise = (mb: number) => (dice.roll(2_001) / 1_000 - 1) * mb;
const minutes = (count: number, mb: (minute: number) => number): Sample[] =>
  Array.from({ length: count * 30 }, (_, index) => ({ at: index * 2_000, mb: mb(index / 30) }));

describe('forged samples', () => {
  it.each<[string, (minute: number) => number, string]>([
    ['flat', () => 100, 'steady'],
    ['flat, with noise', () => 100 + noise(3), 'steady'],
    ['a warm-up that ends', (minute) => 140 - 40 * Math.exp(-3 * minute) + noise(1), 'steady'],
    ['a saw, as a collector makes it', (minute) => 100 + ((minute * 7) % 1) * 10, 'steady'],
    ['a fall', (minute) => 150 - 5 * minute, 'steady'],
    ['a slow leak', (minute) => 100 + 1.5 * minute, 'grows'],
    ['a slow leak, with noise', (minute) => 100 + 1.5 * minute + noise(2), 'grows'],
    ['a leak under a saw', (minute) => 100 + 2 * minute + ((minute * 7) % 1) * 5, 'grows'],
    ['a leak that begins late', (minute) => 100 + Math.max(0, minute - 4) * 3, 'grows'],
    ['so much noise that a leak could hide', (minute) => 100 + minute + noise(120), 'unclear'],
  ])('%s', (_, mb, verdict) => {
    expect(trendOf(minutes(9, mb), 5).verdict).toBe(verdict);
  });

  it('too few to judge', () => {
    expect(trendOf(minutes(9, () => 100).slice(0, 12), 5).verdict).toBe('unclear');
  });

  it('says the growth it was given', () => {
    const { mbPerMinute, growthMb, noiseMb } = trendOf(
      minutes(9, (minute) => 100 + 2 * minute),
      5,
    );
    expect([mbPerMinute, growthMb, noiseMb].map((mb) => Math.round(mb))).toEqual([2, 12, 0]);
  });
});

describe('a real process', () => {
  it.each([
    [100, 'grows'],
    [0, 'steady'],
  ])('that keeps %i KiB ten times a second: %s', async (kib, verdict) => {
    const child = spawn(process.execPath, [fileURLToPath(new URL('./growing.js', import.meta.url)), String(kib)], {
      env: { ...process.env, ...inspected },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    try {
      let stderr = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      await once(child.stdout, 'data');
      const memory = await openMemory(child.pid ?? 0, stderr);
      const samples: Sample[] = [];
      for (let count = 0; count < 20; count += 1) {
        samples.push({ at: count * 200, mb: (await memory.look()).heapMb });
        await delay(200);
      }
      memory.close();
      expect(trendOf(samples, 0.5).verdict).toBe(verdict);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
