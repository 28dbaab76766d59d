const rendered = Symbol('html');

/** Text that is already HTML; only the `html` tag makes it. */
export interface Html {
  readonly [rendered]: string;
}

type Slot = Html | string | number | null | readonly Slot[];

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function slot(value: Slot): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return value.replace(/[&<>"']/g, (sign) => entities[sign] ?? '');
  return rendered in value ? value[rendered] : value.map(slot).join('');
}

/** Escapes every value it is given; attributes must be quoted where they are written. */
export function html(parts: TemplateStringsArray, ...values: readonly Slot[]): Html {
  return { [rendered]: parts.reduce((text, part, index) => text + slot(values[index - 1] ?? null) + part) };
}

export const textOf = (page: Html): string => page[rendered];
