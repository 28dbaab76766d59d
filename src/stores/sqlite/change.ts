import type { Scalar } from '../../ports/document-engine.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** The change of an update as it travels to the writer; `set` is JSON text. */
export interface EncodedChange {
  readonly set: string | null;
  readonly unset: readonly string[];
  readonly inc: readonly (readonly [string, number])[];
}

export type Condition = readonly (readonly [string, Scalar])[];

/** Whether every named field equals its value; null stands for null and for absent. */
export function matches(document: Fields, where: Condition): boolean {
  return where.every(([field, value]) => (own(document, field) ?? null) === value);
}

/** The changed document; the one given stays as it is. Only own properties are read and written, whatever their names. */
export function applyChange(document: Fields, change: EncodedChange): Fields {
  const set = change.set === null ? {} : (JSON.parse(change.set) as Fields);
  let next: Record<string, unknown> = { ...document, ...set };
  for (const field of change.unset) delete next[field];
  for (const [field, by] of change.inc) {
    const value = own(next, field) === undefined ? 0 : own(next, field);
    if (typeof value !== 'number') throw new TypeError(`"${field}" is not a number and cannot be incremented`);
    next = { ...next, [field]: value + by };
  }
  return next;
}

export function own(document: Fields, field: string): unknown {
  return Object.hasOwn(document, field) ? document[field] : undefined;
}
