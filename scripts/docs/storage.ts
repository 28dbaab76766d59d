import { collections } from '../../src/stores/collections.ts';
import { generated, table } from './markdown.ts';
import { keysOf } from './shape.ts';

/** The storage reference, from the declaration both engines materialise. */
export function storageReference(): string {
  const sections = collections.map(({ name, describe, unique, indexes, expires, shape }) => {
    const facts = [
      `Unique: ${unique.length === 0 ? '`id` only' : ['id', ...unique].map((key) => `\`${key}\``).join(', ')}`,
      `found by: ${indexes.length === 0 ? '`id` only' : indexes.map((key) => `\`${key}\``).join(', ')}`,
      `lifetime: ${expires === null ? 'until deleted' : `until \`${expires}\`, tidied later`}`,
    ];
    const rows = keysOf(shape, 'output').map(({ path, kind, description }) => [`\`${path}\``, kind, description]);
    return `## ${name}\n\n${describe}\n\n${facts.join('; ')}.\n\n${table(['field', 'kind', 'meaning'], rows)}`;
  });
  return [
    generated('src/stores/collections.ts'),
    '# Storage',
    'Every row is one document; every rule that must hold under concurrency hangs on a single one. Expiry is computed from the clock when a row is read; sweeping only tidies.',
    ...sections,
  ].join('\n\n');
}
