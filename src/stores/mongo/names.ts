const ESCAPE = '\u001a';

const escaped = (character: string): string => ESCAPE + character.charCodeAt(0).toString(16).padStart(4, '0');

/** A string as it is stored. UTF-8 has no lone surrogates, so two different strings could become one; all else (and its order) stays. */
export function storedText(text: string): string {
  return text.replace(/[\u001a\p{Surrogate}]/gu, escaped);
}

/**
 * A field name as it is stored, at any depth. What MongoDB, the driver or this engine would read something into (operators,
 * paths, NUL, `_id`, `_bsontype`, `__proto__`) is escaped, so a name is data and names that begin with `_` are the engine's.
 */
export function storedName(name: string): string {
  return name === '' ? ESCAPE : name.replace(/^_|[$.\u0000\u001a\p{Surrogate}]/gu, escaped);
}

/** What was stored under either, as it went in. */
export function asGiven(stored: string): string {
  return stored.replace(/\u001a([0-9a-f]{4})?/g, (_, hex?: string) => (hex === undefined ? '' : String.fromCharCode(parseInt(hex, 16))));
}

/** The field that carries the uniqueness of `field`: absent where the value is null, so a sparse index can hold it. */
export const uniqueName = (field: string): string => `_unique_${field}`;
