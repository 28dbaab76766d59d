import type { ConfigProblem } from './problems.ts';

/** A part of the configuration as somebody wrote it, of which nothing is known to be right yet. */
export type Written = Readonly<Record<string, unknown>>;

export const isRecord = (value: unknown): value is Written => typeof value === 'object' && value !== null && !Array.isArray(value);
export const record = (value: unknown): Written => (isRecord(value) ? value : {});
export const list = (value: unknown): Written[] => (Array.isArray(value) ? value.map(record) : []);
export const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
export const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : []);
export const ids = (value: unknown, name = 'id'): string[] => list(value).flatMap((entry) => text(entry[name]) ?? []);

/** A name that should be among those known. */
export function unknown(value: unknown, known: ReadonlySet<string>, key: string, problem: string): ConfigProblem[] {
  const name = text(value);
  return name === null || known.has(name) ? [] : [{ key, problem }];
}

export const eachUnknown = (values: unknown, known: ReadonlySet<string>, key: string, problem: string): ConfigProblem[] =>
  texts(values).flatMap((value, index) => unknown(value, known, `${key}[${index}]`, problem));
