/** Measures what each step costs the database, derives from it what 10^8 people would, and prints the tables of docs/scale.md; with `--write` it writes them there. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { assumptions, given } from './scale/assumptions.ts';
import { latency, loads, missesPerBurst, rates, shardsFor, stored } from './scale/derive.ts';
import type { Load } from './scale/derive.ts';
import { measure } from './scale/measure.ts';
import type { Measured } from './scale/measure.ts';

const digits = (value: number) => (value >= 100 ? Math.round(value).toLocaleString('en') : Number(value.toPrecision(2)).toString());
const kilobytes = (bytes: number) => `${Number((bytes / 1000).toPrecision(2))} kB`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function loadTable(loaded: readonly Load[]): string {
  const rows = loaded.map(({ name, perSecond, reads, writes, megabytes }) => [
    name,
    digits(perSecond),
    digits(reads),
    digits(writes),
    digits(megabytes),
  ]);
  const sum = (of: (load: Load) => number) => digits(loaded.reduce((total, load) => total + of(load), 0));
  const total = ['**together**', '', sum(({ reads }) => reads), sum(({ writes }) => writes), sum(({ megabytes }) => megabytes)];
  return table(['what', 'per second', 'reads/s', 'writes/s', 'MB/s'], [...rows, total]);
}

/** Every table, by the name it has in the document. */
export function tables(measured: Measured): Readonly<Record<string, string>> {
  const { costs } = measured;
  const entries = Object.entries(costs);
  const [blind, byGrant] = [loads(measured, false), loads(measured, true)];
  const shards = (loaded: readonly Load[]) => shardsFor(loaded);
  const { signIns, refreshes, calls } = rates();
  return {
    assumptions: table(
      ['assumption', 'value', 'meaning'],
      Object.entries(assumptions).map(([name, { value, means }]) => [`\`${name}\``, value.toLocaleString('en'), means]),
    ),
    costs: table(
      ['step', 'reads', 'of these at every shard', 'writes', 'round trips in turn', 'of these with a write', 'bytes'],
      entries.map(([name, { reads, scattered, writes, readWaves, writeWaves, bytes }]) => [
        name,
        ...[reads, scattered, writes, readWaves + writeWaves, writeWaves].map(String),
        kilobytes(bytes),
      ]),
    ),
    rates: table(
      ['in the busiest hour', 'per second'],
      Object.entries({ 'sign-ins': signIns, refreshes, 'tool calls': calls }).map(([name, value]) => [name, digits(value)]),
    ),
    'dealt-blindly': loadTable(blind),
    'dealt-by-grant': loadTable(byGrant),
    shards: table(
      ['requests are dealt out', 'calls of a burst that ask for the standing', 'shards for the reads', 'shards for the writes'],
      [
        ['blindly', digits(missesPerBurst(false)), String(shards(blind).forReads), String(shards(blind).forWrites)],
        ['by grant', digits(missesPerBurst(true)), String(shards(byGrant).forReads), String(shards(byGrant).forWrites)],
      ],
    ),
    stored: table(
      ['collection', 'rows', 'bytes of a row with its index entries', 'TB'],
      stored(measured).map(({ name, rows, bytes, terabytes }) => [`\`${name}\``, digits(rows), digits(bytes), digits(terabytes)]),
    ),
    latency: table(
      ['step', 'one region', 'a majority needs another region', 'and the instance is far from the primary'],
      entries
        .filter(([, { readWaves, writeWaves }]) => readWaves + writeWaves > 0)
        .map(([name, cost]) => {
          const { oneRegion, severalRegions, farFromPrimary } = latency(cost);
          return [name, ...[oneRegion, severalRegions, farFromPrimary].map((ms) => `${digits(ms)} ms`)];
        }),
    ),
    outage: table(
      ['while there is no primary', 'times'],
      [
        ['refused sign-in steps, refreshes and calls', digits((signIns + refreshes + calls) * given('election'))],
        ['acknowledged writes lost', '0'],
      ],
    ),
  };
}

const block = (name: string, text: string) => `<!-- table ${name} -->\n\n${text}\n\n<!-- end -->`;

/** The document with every table as it is now. */
export function withTables(document: string, current: Readonly<Record<string, string>>): string {
  return document.replace(/<!-- table ([\w-]+) -->[\s\S]*?<!-- end -->/g, (whole, name: string) => {
    const text = current[name];
    return text === undefined ? whole : block(name, text);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const current = tables(await measure());
  const path = fileURLToPath(new URL('../../docs/scale.md', import.meta.url));
  if (process.argv.includes('--write')) writeFileSync(path, withTables(readFileSync(path, 'utf8'), current));
  else for (const [name, text] of Object.entries(current)) console.log(`${name}\n\n${text}\n`);
  process.exit(0);
}
