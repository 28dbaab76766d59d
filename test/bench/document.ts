import type { Figure } from './measure.ts';
import type { Results } from './results.ts';
import { targetsOf } from './targets.ts';

const rate = (value: number) => (value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1));
const millis = (value: number) => (Number.isNaN(value) ? '–' : value.toFixed(value < 1 ? 2 : 1));
const percent = (share: number) => `${Math.round(share * 100)} %`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const figureHead = ['', 'per CPU-second', 'per second', 'p50 ms', 'p99 ms', 'loop late p99 ms', 'MB', 'spread'];
const figureRow = ({ name, perCpuSecond, perSecond, p50, p99, loopP99, rssMb, spread }: Figure): string[] => [
  name,
  rate(perCpuSecond),
  rate(perSecond),
  millis(p50),
  millis(p99),
  millis(loopP99),
  String(rssMb),
  percent(spread),
];

const method = `What is compared, always in one run on one machine:

- **sqlite** is the whole product in a process of its own, started from its configuration file with only the rate limits raised: durable SQLite (a reply
  leaves after its write is on stable storage), roles read again at every refresh, the audit chain, the log (to nowhere), one self-registered client.
- **mongodb** is the same over MongoDB (which one served is said above). Only our own processor time counts, not that of the database.
- **oidc-provider** keeps everything in maps without a bound (its own in-memory adapter forgets after a thousand entries) and is configured alike:
  ES256 JWT access tokens by resource indicators, PKCE, rotation at every refresh, a public client. It writes no log and no audit.
- **koa, SQLite in place** and **node:http, memory** are written for this: one form read, one compare-and-set, one ES256 signature, no checks. The first
  updates one row a family on a writer thread that commits what came meanwhile together, on stable storage (a few lines over the same binding, not our engine).
- **node:http, ready bytes** answers everything with a few hundred bytes that are there already: what the runtime's own server allows.
- **undici proxy** reads the body and passes it on, **nginx auth_request** asks about a token once and remembers the answer. Behind every gateway is an
  upstream that answers at once. Our gateway knows the tokens already, judges the tool call and writes it to the audit before it forwards.

A login is the same number of requests and pages on both sides: a page, a form, a second page, a form, the code. Between our two pages stands an identity
provider that answers at once in the load’s process; what our side spends on it (a token request on a connection of its own, the verification of the ID token)
is counted, and told apart below as “callback”. The peer’s login is its own development form, which asks nobody.

The server has one core and the load the other (\`taskset\`). Everything is warmed up for six seconds, since a program compiles itself while it is first used; then the contenders take turns, there and back, and the medians of the
rounds are shown. *Per CPU-second* divides what was answered by the processor time of the server’s process, all its threads. *Spread* is the distance between
the lowest and the highest round as a share of the median: two figures whose ratio is within it are equal. Latencies are at the client with 64 callers.`;

function about({ mode, date, seconds, machine, places }: Results): string {
  const { cpu, cores, memoryGb, system, node, isPinned, syncMs, loadBefore } = machine;
  const flag = mode === 'default' ? '' : `--${mode} `;
  return [
    `Measured on ${date} with \`npm run bench -- ${flag}--write\` in ${Math.round(seconds)} s on ${cores} cores of ${cpu} with ${memoryGb} GB, ${system}, Node ${node};`,
    `${isPinned ? 'pinned to cores' : '**not pinned to cores**'}; 4 KiB are on stable storage after ${millis(syncMs)} ms; load average before the run ${loadBefore.toFixed(1)}`,
    `${loadBefore > 0.5 ? '(**the machine was not idle**)' : '(idle)'}. Absolute figures are not portable: compare ratios, and only within one run.`,
    `What keeps the data: ${Object.values(places).join(' and ')}.`,
  ].join('\n');
}

/** The document about a run. */
export function performanceDocument(results: Results): string {
  const { figures, loginParts, growth } = results;
  const verdict = { true: 'yes', false: '**no**', null: '–' };
  const targets = targetsOf(results).map(({ measure, wanted, shown, isMet }) => [measure, wanted, shown, verdict[`${isMet}`]]);
  const sections = Object.entries(figures).map(([topic, each]) => `### ${topic}\n\n${table(figureHead, each.map(figureRow))}`);
  const parts = Object.entries(loginParts ?? {}).map(([part, micros]) => `${part} ${rate(micros)}`);
  const grown = Object.entries(growth).flatMap(([topic, all]) =>
    Object.entries(all).map(([name, value]) => [topic, name, `${value.toFixed(2)} ×`]),
  );
  return [
    '# Performance',
    'Written by `npm run bench -- --write`. A measurement, not a promise: nothing checks that it is current.',
    about(results),
    '## Targets',
    table(['', 'wanted', 'found', 'met'], targets),
    '## Method',
    method,
    '## Figures',
    ...sections,
    ...(parts.length === 0 ? [] : [`One login of ours in microseconds of processor time: ${parts.join(', ')}.`]),
    ...(grown.length === 0 ? [] : ['### cost as the store grows', table(['', '', 'cost'], grown)]),
  ].join('\n\n');
}
