import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { generated, table } from './markdown.ts';
import { claimsIn, idsOfForm } from './requirements.ts';

const Lists = z.object({
  lists: z.array(
    z.strictObject({
      id: z.string(),
      title: z.string(),
      /** `why` says why there is no test, and only where there is none. */
      items: z.record(z.string(), z.strictObject({ is: z.string().min(1), why: z.string().min(1).optional() })),
    }),
  ),
});
type QuirkList = z.infer<typeof Lists>['lists'][number];
type Claims = ReadonlyMap<string, readonly string[]>;

export const readQuirks = (root: string): QuirkList[] =>
  Lists.parse(JSON.parse(readFileSync(join(root, 'docs/quirks.json'), 'utf8'))).lists;

/** Which test files claim which quirk. */
export const quirkClaims = (root: string): Claims => claimsIn(root, idsOfForm(String.raw`Q-[A-Z0-9]+-\d{2}`));

/** Where list and titles do not fit each other: every quirk has a test or a reason why not, and every claim is of one that is listed. */
export function misfits(lists: readonly QuirkList[], claims: Claims): string[] {
  const items = lists.flatMap((list) => Object.entries(list.items).map(([id, item]) => ({ id, list: list.id, ...item })));
  const known = new Set(items.map(({ id }) => id));
  return [
    ...items.filter(({ id, list }) => !id.startsWith(`Q-${list}-`)).map(({ id, list }) => `${id} is not an id of the list ${list}`),
    ...items.filter(({ id, why }) => why === undefined && !claims.has(id)).map(({ id }) => `${id} has neither a test nor a reason why not`),
    ...items.filter(({ id, why }) => why !== undefined && claims.has(id)).map(({ id }) => `${id} has a test and a reason why not`),
    ...[...claims].flatMap(([id, files]) => (known.has(id) ? [] : [`${id} is claimed in ${files.join(', ')} and not listed`])),
  ];
}

/** What is special about each identity provider, with the tests that prove that it is met. */
export function quirksDocument(root: string): string {
  const lists = readQuirks(root);
  const claims = quirkClaims(root);
  const proof = (id: string, why: string | undefined) => why ?? (claims.get(id) ?? []).map((path) => `\`${path}\``).join(', ');
  const count = ({ items }: QuirkList, tested: boolean) =>
    String(Object.values(items).filter(({ why }) => (why === undefined) === tested).length);
  return [
    generated('docs/quirks.json and the test titles'),
    '# What is special about each identity provider',
    'Identity providers differ from the specifications and from each other. Each line is one such thing, with the tests that prove that a connection meets it, or the reason why there is none. A test claims a line by carrying its id in square brackets in its title. This document is about connections: how somebody signs in and is asked after later. Provisioning of people and groups by a provider is not among it, since it is refused as unknown today. Whether the vendors’ samples behind the tests were recorded, documented or assumed is in [assurance.md](assurance.md).',
    table(
      ['list', 'with tests', 'without'],
      lists.map((list) => [list.title, count(list, true), count(list, false)]),
    ),
    ...lists.map(({ title, items }) => {
      const rows = Object.entries(items).map(([id, { is, why }]) => [id, is, proof(id, why)]);
      return `## ${title}\n\n${table(['id', 'what is special', 'proven by, or why not'], rows)}`;
    }),
  ].join('\n\n');
}
