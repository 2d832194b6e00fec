/** A series that somebody pasted or opened: one value a line, or a column of a CSV. */
export interface PastedSeries {
  readonly values: readonly (number | null)[];
}

export type ParsedSeries = { readonly ok: true; readonly value: PastedSeries } | { readonly ok: false; readonly message: string };

const VALUES_MAX = 100_000;
const TEXT_MAX = 8 * 1024 * 1024;
/** Spellings of "not known" in exports of monitoring systems. */
const UNKNOWN_WORDS = new Set(['', 'nan', 'null', 'na', 'n/a', '-']);

/**
 * `column`: the name of a column of the head, or empty for the last one of each line.
 * What is known to be unknown stays a gap; what is no number is refused with its line.
 */
export function parseSeries(text: string, column: string): ParsedSeries {
  if (text.length > TEXT_MAX) return fault(`The text is longer than ${TEXT_MAX / 1024 / 1024} MiB`);
  const lines = text.split(/\r\n|\n|\r/);
  while (lines.at(-1)?.trim() === '') lines.pop();
  const first = cellsOf(lines[0] ?? '');
  const hasHead = first.some((cell) => cell !== '' && !UNKNOWN_WORDS.has(cell.toLowerCase()) && Number.isNaN(Number(cell)) && Number.isNaN(Date.parse(cell)));
  const at = column === '' ? -1 : first.indexOf(column);
  if (column !== '' && (!hasHead || at < 0)) return fault(hasHead ? `There is no column ${column}; there are ${first.join(', ')}` : 'The text has no head with names of columns');
  const rows = lines.slice(hasHead ? 1 : 0);
  if (rows.length < 2) return fault('At least two values are needed');
  if (rows.length > VALUES_MAX) return fault(`At most ${VALUES_MAX.toLocaleString('en-US')} values; there are ${rows.length.toLocaleString('en-US')}`);
  const values: (number | null)[] = [];
  for (const [index, row] of rows.entries()) {
    const cell = cellsOf(row).at(at) ?? '';
    const value = UNKNOWN_WORDS.has(cell.toLowerCase()) ? null : Number(cell);
    if (value !== null && (!Number.isFinite(value) || value < 0)) return fault(`Line ${index + (hasHead ? 2 : 1)}: "${cell.slice(0, 40)}" is not a number from 0 on`);
    values.push(value);
  }
  return values.every((value) => value === null) ? fault('No value is known') : { ok: true, value: { values } };
}

function cellsOf(line: string): readonly string[] {
  return line.split(/[,;\t]/).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
}

function fault(message: string): ParsedSeries {
  return { ok: false, message };
}
