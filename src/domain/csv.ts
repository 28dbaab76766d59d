/** What a spreadsheet would take for a formula, were it the first character of a cell. */
const formula = /^[=+\-@\t\r]/;

/** One cell: quoted always, and never a formula, whoever chose its words. RFC 4180 §2. */
const cell = (value: string): string => `"${(formula.test(value) ? `'${value}` : value).replaceAll('"', '""')}"`;

export const csvLine = (values: readonly string[]): string => `${values.map(cell).join(',')}\r\n`;
