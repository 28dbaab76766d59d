import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { generated, table } from './markdown.ts';
import { claimsIn, idsIn, readRequirements } from './requirements.ts';

const states = ['proven', 'failing', 'not run', 'not yet'] as const;
type State = (typeof states)[number];

const Results = z.object({
  testResults: z.array(z.object({ assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })) })),
});

/** What the last full test run says about each id; null when there was none. */
function statesFromResults(root: string): Map<string, State> | null {
  const path = join(root, 'test-results/jest.json');
  if (!existsSync(path)) return null;
  const found = new Map<string, State>();
  const tests = Results.parse(JSON.parse(readFileSync(path, 'utf8'))).testResults.flatMap((suite) => suite.assertionResults);
  for (const { fullName, status } of tests) {
    for (const id of idsIn(fullName)) {
      if (status === 'failed') found.set(id, 'failing');
      else if (status === 'passed' && found.get(id) !== 'failing') found.set(id, 'proven');
    }
  }
  return found;
}

const row = /^\| (\S+) \| .* \| (proven|failing|not run) \| [^|]* \|$/gm;

/** What the document as committed says. */
function statesFromDocument(document: string): Map<string, State> {
  return new Map([...document.matchAll(row)].map((match) => [match[1] ?? '', match[2] as State]));
}

/**
 * The conformance table. Which test claims what is read from the sources; whether it passed comes from the last run
 * (`fromResults`) or else stays as the committed document has it, so that a check needs no test run.
 */
export function conformanceTable(root: string, committed: string, options: { readonly fromResults: boolean }): string {
  const lists = readRequirements(root);
  const claims = claimsIn(root, idsIn);
  const known = (options.fromResults ? statesFromResults(root) : null) ?? statesFromDocument(committed);
  const stateOf = (id: string): State => (claims.has(id) ? (known.get(id) ?? 'not run') : 'not yet');
  const rowsOf = (items: Readonly<Record<string, string>>) =>
    Object.entries(items).map(([id, title]) => [id, title, stateOf(id), (claims.get(id) ?? []).map((path) => `\`${path}\``).join(', ')]);

  const listed = new Set(lists.flatMap(({ items }) => Object.keys(items)));
  const beyond = [...claims.keys()].filter((id) => !listed.has(id)).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const unlisted = Object.fromEntries(beyond.map((id) => [id, 'see the test']));
  const count = (ids: readonly string[], state: State) => String(ids.filter((id) => stateOf(id) === state).length);
  const summary = (name: string, ids: readonly string[]) => [name, ...states.map((state) => count(ids, state))];
  const head = ['id', 'requirement', 'state', 'test'];

  return [
    generated('docs/requirements.json, the test titles and the last test run'),
    '# Conformance',
    'What is required, and which test proves it. A test claims an id by carrying it in square brackets in its title; a requirement nobody claims is **not yet** proven, whatever the code does.',
    table(
      ['list', ...states],
      [...lists.map(({ id, title, items }) => summary(`${id} ${title}`, Object.keys(items))), summary('**all**', [...listed])],
    ),
    ...lists.map(({ id, title, items }) => `## ${id} ${title}\n\n${table(head, rowsOf(items))}`),
    ...(beyond.length === 0 ? [] : [`## Beyond these lists\n\n${table(head, rowsOf(unlisted))}`]),
  ].join('\n\n');
}
