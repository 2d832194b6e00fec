/** One column of an export: its name, with the unit in it, and its value in a row. `null` is unknown: an empty cell, never 0. */
export interface ExportColumn<T> {
  readonly name: string;
  readonly value: (row: T) => string | number | boolean | null;
}

/** CSV by RFC 4180. A text that a spreadsheet would run as a formula gets a quote before it (OWASP, "CSV Injection"). */
export function csvOf<T>(columns: readonly ExportColumn<T>[], rows: Iterable<T>): string {
  const lines = [columns.map(({ name }) => csvCell(name)).join(',')];
  for (const row of rows) lines.push(columns.map(({ value }) => csvCell(value(row))).join(','));
  return `${lines.join('\r\n')}\r\n`;
}

function csvCell(value: string | number | boolean | null): string {
  if (value === null || (typeof value === 'number' && !Number.isFinite(value))) return '';
  if (typeof value !== 'string') return String(value);
  const inert = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

/** The same rows as an array of objects; unknown is null. */
export function jsonOf<T>(columns: readonly ExportColumn<T>[], rows: Iterable<T>): string {
  const objects = Array.from(rows, (row) => Object.fromEntries(columns.map(({ name, value }) => {
    const cell = value(row);
    return [name, typeof cell === 'number' && !Number.isFinite(cell) ? null : cell];
  })));
  return `${JSON.stringify(objects, null, 2)}\n`;
}
