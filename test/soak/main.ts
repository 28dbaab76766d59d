/** `npm run soak`: the product under load for as long as it is told to, and whether its memory grows. Progress on stderr, the outcome on stdout. */
import { parseArgs } from 'node:util';
import { removeTemporaryFolders } from '../support/product-process.ts';
import { soak } from './soak.ts';
import { inWords } from './trend.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    /** `sqlite:` and a path, or a MongoDB database of its own; a temporary file when left out. */
    store: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.minutes) * 60;
if (!(seconds >= 30)) throw new Error('--minutes must be at least 0.5');

const report = await soak({
  seconds,
  everySeconds: Math.max(2, Math.round(seconds / 180)),
  quietSeconds: Math.min(60, seconds / 3),
  ...(values.store === undefined ? {} : { store: values.store }),
  say: (line) => process.stderr.write(`${line}\n`),
});
await removeTemporaryFolders();

const { resident, heap, external, flooded, rows, loginMs } = report;
if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
else {
  const lines = [
    `resident ${resident === null ? 'unknown here' : inWords(resident)}`,
    `heap     ${inWords(heap)}`,
    `beside   ${inWords(external)}`,
    `login    nine of ten within ${loginMs.map(Math.round).join(' ms before the flood, ')} ms in it`,
    `answers  ${JSON.stringify(flooded.answers)}, ${flooded.skipped} left out`,
    `rows     ${JSON.stringify(rows)}`,
    ...flooded.failures.slice(0, 10).map((failure) => `FAILED   ${failure}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
const steady = [resident, heap, external].every((trend) => trend === null || trend.verdict === 'steady');
process.exitCode = steady && flooded.failures.length === 0 ? 0 : 1;
