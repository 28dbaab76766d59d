/** What a keyed column holds: text, number, or null for "not there" (which no unique index counts). */
export type Key = string | number | null;

const ESCAPE = '\u001a';

/**
 * A string as it is stored in a column. SQLite ends text at NUL and UTF-8 has no lone surrogates, so two different
 * strings could become one key; control characters and lone surrogates are escaped, all else (and its order) stays.
 */
export function textKey(text: string): string {
  if (/^[ -~]*$/.test(text)) return text;
  return text.replace(/[\p{Control}\p{Surrogate}]/gu, (character) => ESCAPE + character.charCodeAt(0).toString(16).padStart(4, '0'));
}

/** A top-level value as a keyed column holds it; distinct scalars give distinct keys. */
export function keyOf(field: string, value: unknown): Key {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return textKey(value);
  // JSON has no NaN and no infinity: the document will say null.
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'boolean') return `${ESCAPE}${value}`;
  throw new TypeError(`"${field}" is a unique, indexed or expiry field and must hold a scalar`);
}
