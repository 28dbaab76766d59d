import { z } from 'zod';

/** One key of a shape, ready to be shown. */
export interface Key {
  readonly path: string;
  readonly kind: string;
  readonly isRequired: boolean;
  readonly standard: unknown;
  readonly description: string;
  /** The `type` of the variant that alone has this key; absent where every variant has it. */
  readonly variant?: string;
}

interface Schema {
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: string | number | boolean | null;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

/** Every key of a zod object, depth first, in the order it was declared. */
export function keysOf(shape: z.ZodType, io: 'input' | 'output'): Key[] {
  return walk(z.toJSONSchema(shape, { io, unrepresentable: 'any', reused: 'inline' }) as Schema, '');
}

function walk(schema: Schema, prefix: string): Key[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, value]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    const isRequired = (schema.required ?? []).includes(name) && value.default === undefined;
    const key = { path, kind: kindOf(value), isRequired, standard: value.default, description: value.description ?? '' };
    return [key, ...inner(value, path)];
  });
}

/** One with named members that keeps others too is a group. */
const isMap = (schema: Schema): schema is Schema & { additionalProperties: Schema } =>
  typeof schema.additionalProperties === 'object' && schema.properties === undefined;

function inner(schema: Schema, path: string): Key[] {
  const variants = (schema.anyOf ?? schema.oneOf)?.filter((variant) => variant.properties !== undefined) ?? [];
  const types = variants.map((variant) => variant.properties?.['type']?.const);
  if (types.length > 1 && types.every((type) => typeof type === 'string')) return byType(variants, types, path);
  if (variants.length > 0) return merged(variants.flatMap((variant) => walk(variant, path)));
  if (schema.items !== undefined) return inner(schema.items, `${path}[]`);
  if (isMap(schema)) return inner(schema.additionalProperties, `${path}.*`);
  return walk(schema, path);
}

/** The keys that every kind has in the same way, then those of each kind. */
function byType(variants: readonly Schema[], types: readonly string[], path: string): Key[] {
  const all = variants.map((variant) => walk(variant, path));
  const plain = (key: Key) => JSON.stringify(key.path === `${path}.type` ? { ...key, kind: '' } : key);
  const isCommon = (key: Key) => all.every((keys) => keys.some((other) => plain(other) === plain(key)));
  const own = all.flatMap((keys, index) => keys.filter((key) => !isCommon(key)).map((key) => ({ ...key, variant: types[index] ?? '' })));
  return [...merged(all.flatMap((keys) => keys.filter(isCommon))), ...own];
}

/** The keys of several variants, each once. */
function merged(keys: readonly Key[]): Key[] {
  const byPath = new Map<string, Key>();
  for (const key of keys) {
    const known = byPath.get(key.path);
    const kinds = known === undefined ? [key.kind] : [...new Set([...known.kind.split(' or '), ...key.kind.split(' or ')])];
    byPath.set(key.path, { ...(known ?? key), kind: kinds.join(' or ') });
  }
  return [...byPath.values()];
}

function kindOf(schema: Schema): string {
  if (schema.title?.startsWith('secret ') === true) return 'secret';
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(' or ');
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants !== undefined) return [...new Set(variants.map(kindOf))].join(' or ');
  if (schema.items !== undefined) return `list of ${plural(kindOf(schema.items))}`;
  if (isMap(schema)) return 'map by name';
  if (schema.type === undefined) return 'anything';
  return [schema.type]
    .flat()
    .map((type) => words[type] ?? type)
    .join(' or ');
}

const words: Readonly<Record<string, string>> = { string: 'text', integer: 'whole number', object: 'group', boolean: 'true or false' };

const plural = (kind: string) => (kind === 'group' ? 'groups' : kind === 'text' ? 'texts' : kind);
