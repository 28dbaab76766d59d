/** `npm run bench`: measures the product beside others and tells how they compare. Progress on stderr, results on stdout. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { performanceDocument } from './document.ts';
import { describeMachine } from './machine.ts';
import { readBenchOptions } from './options.ts';
import type { Found } from './results.ts';
import { targetsOf } from './targets.ts';
import { runTopics } from './topics.ts';

const options = readBenchOptions(process.argv.slice(2));
const results = resolve('test-results');
mkdirSync(results, { recursive: true });
// Not in the system's temporary folder: where that is memory, stable storage would cost nothing.
const folder = mkdtempSync(join(results, 'bench-'));
const began = performance.now();
const say = (line: string) =>
  void process.stderr.write(`${String(Math.round((performance.now() - began) / 1000)).padStart(4)} s  ${line}\n`);
const clean = () => rmSync(folder, { recursive: true, force: true });
process.once('exit', clean);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const found: Found = {
  mode: options.plan.mode,
  date: new Date().toISOString().slice(0, 10),
  seconds: 0,
  machine: describeMachine(folder),
  places: {},
  ratios: {},
  growth: {},
  figures: {},
  spread: {},
};
say(
  `${found.machine.isPinned ? 'pinned' : 'not pinned'}, load average ${found.machine.loadBefore.toFixed(2)}, a sync takes ${found.machine.syncMs.toFixed(2)} ms`,
);
await runTopics({ options, folder, found, say });
found.seconds = (performance.now() - began) / 1000;

for (const { measure, wanted, shown, isMet } of targetsOf(found)) {
  if (isMet !== null) process.stdout.write(`${isMet ? 'met   ' : 'MISSED'} ${measure}: ${shown} (${wanted})\n`);
}
if (options.write !== null) {
  writeFileSync(options.write, `${performanceDocument(found)}\n`);
  say(`wrote ${options.write}`);
}
if (options.json) process.stdout.write(`${JSON.stringify(found)}\n`);
