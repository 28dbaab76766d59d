import { variables } from '../../src/config/environment.ts';
import { ConfigSchema } from '../../src/config/schema.ts';
import { generated, linked, table } from './markdown.ts';
import { keysOf } from './shape.ts';
import type { Key } from './shape.ts';

const standard = ({ isRequired, standard: value }: Key): string => {
  if (isRequired) return '**required**';
  if (value === undefined) return '';
  const text = JSON.stringify(value);
  return text === '{}' || text.length > 80 ? 'see below' : `\`${text}\``;
};

const keyTable = (keys: readonly Key[]): string =>
  table(
    ['key', 'kind', 'default', 'meaning'],
    keys.map((key) => [`\`${key.path}\``, key.kind, standard(key), linked(key.description)]),
  );

/** The configuration reference, from the schema that judges the configuration. */
export function configurationReference(): string {
  const keys = keysOf(ConfigSchema, 'input');
  const sections = [...new Set(keys.map(({ path }) => top(path)))].map((name) => {
    const own = keys.filter(({ path }) => top(path) === name);
    const variants = [...new Set(own.flatMap(({ variant }) => variant ?? []))];
    const more = variants.map((variant) => `### ${name} of type ${variant}\n\n${keyTable(own.filter((key) => key.variant === variant))}`);
    return [`## ${name}\n\n${keyTable(own.filter(({ variant }) => variant === undefined))}`, ...more].join('\n\n');
  });
  const environment = variables.map(({ name, describe }) => [`\`${name}\``, describe]);
  return [
    generated('src/config'),
    '# Configuration',
    'One YAML file, named with `--config`. A key that is not listed here is refused, and every problem is reported at once, by key path and never with the value. Keys named by a specification keep its spelling (`client_id`); the others are ours (`requireMfa`). A secret may be given as a file instead: `client_secret_file`, `private_key_file`, `key_file`, relative to the configuration file.',
    `## Environment\n\nEach wins over the same key of the file.\n\n${table(['variable', 'sets'], environment)}`,
    ...sections,
  ].join('\n\n');
}

const top = (path: string) => path.replace(/[.[].*$/, '');
