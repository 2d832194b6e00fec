/** One cell as RFC 4180 has it. A leading = + - @ would be run as a formula by a spreadsheet, so such text gets a quote before it. */
function cellOf(value: string | number | boolean | null): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const harmless = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

export type ExportRow = Readonly<Record<string, string | number | boolean | null>>;

/** Rows as CSV (RFC 4180) with a head; unknown is an empty cell. Columns are those of `columns`, in that order. */
export function toCsv(rows: readonly ExportRow[], columns: readonly string[]): string {
  const lines = [columns, ...rows.map((row) => columns.map((column) => cellOf(row[column] ?? null)))];
  return `${lines.map((line) => line.join(',')).join('\r\n')}\r\n`;
}

export interface ExportFile {
  readonly name: string;
  readonly type: 'text/csv' | 'application/json';
  readonly text: string;
}

/** Hands a file to the person at the browser. */
export function saveFile(file: ExportFile): void {
  const url = URL.createObjectURL(new Blob([file.text], { type: `${file.type};charset=utf-8` }));
  const link = document.createElement('a');
  link.href = url;
  link.download = file.name;
  link.click();
  // Revoked in the same turn the download of some browsers would come to nothing.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
