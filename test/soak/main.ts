/** `npm run soak`: the product under load for as long as it is told to, and whether its memory grows. Progress on stderr, the outcome on stdout. */
import { Command, InvalidArgumentError } from 'commander';
import { removeTemporaryFolders } from '../support/product-process.ts';
import { soak } from './soak.ts';
import { inWords } from './trend.ts';

function minutesOf(text: string): number {
  if (Number(text) >= 0.5) return Number(text);
  throw new InvalidArgumentError('a number, at least 0.5');
}

const values = new Command('npm run soak --')
  .description('The product under load: strangers in a flood, people in their midst, and whether its memory grows.')
  .option('--minutes <number>', 'how long, at least 0.5', minutesOf, 30)
  .option('--store <address>', '`sqlite:` and a path, or a MongoDB database of its own; a temporary file when left out')
  .option('--json', 'the whole report as one object', false)
  .addHelpText('after', '\nThe exit code is 1 when something grows or an answer was wrong.\n\n  npm run soak -- --minutes 5')
  .showHelpAfterError('(--help shows what there is)')
  .parse()
  .opts<{ minutes: number; store?: string; json: boolean }>();
const seconds = values.minutes * 60;

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
const [quiet, inFlood] = loginMs;
const isKept = inFlood < 2 * quiet + 1_000;
if (!isKept) process.stderr.write('people who sign in wait too long in the flood\n');
const steady = [resident, heap, external].every((trend) => trend === null || trend.verdict === 'steady');
process.exitCode = steady && isKept && flooded.failures.length === 0 ? 0 : 1;
