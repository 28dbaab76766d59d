/** The names a JSON pointer goes through, one after another. RFC 6901 §3. */
export const partsOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

/** What a JSON pointer names in what was decoded from JSON, or undefined. RFC 6901 §4. */
export function memberAt(document: unknown, pointer: string): unknown {
  let value = document;
  for (const part of partsOf(pointer)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    if (Array.isArray(value) && !/^(0|[1-9]\d*)$/.test(part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}
