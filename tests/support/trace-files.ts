/** Recorded load on disk, for benches and simulations. Where it lies is for an option or the environment to say. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

const FOLDER = join('shared', 'data', 'traces');

export interface TraceFile {
  readonly name: string;
  readonly column: string;
  readonly stepMs: number;
  /** NaN where a value is missing. */
  readonly values: readonly number[];
}

/** PHANTOM_TRACES, or the first folder shared/data/traces beside the project or above it. */
export function traceFolder(): string | null {
  const named = process.env['PHANTOM_TRACES'];
  if (named !== undefined && named !== '') return existsSync(named) ? resolve(named) : null;
  for (let folder = resolve('.'); ; folder = dirname(folder)) {
    if (existsSync(join(folder, FOLDER))) return join(folder, FOLDER);
    if (folder === dirname(folder)) return null;
  }
}

/** The series that are load as it would come whatever the size of the pool. */
export function openLoopTraces(folder: string): readonly string[] {
  // Recorded while another autoscaler acted: what it shows is not demand.
  return readdirSync(folder).filter((file) => file.endsWith('.csv') && !file.includes('_asg_')).sort().map((file) => join(folder, file));
}

/** `column`: absent = the second; `stepSeconds`: absent = from the name, as in load_300s.csv. */
export function readTrace(path: string, { column, stepSeconds }: { readonly column?: string; readonly stepSeconds?: number } = {}): TraceFile {
  const [head, ...rows] = readFileSync(path, 'utf8').trim().split(/\r?\n/);
  const columns = (head ?? '').split(',').map((name) => name.trim());
  const index = column === undefined ? Math.min(1, columns.length - 1) : columns.indexOf(column);
  if (index < 0) throw new Error(`${basename(path)} has no column ${column ?? ''}, only ${columns.join(', ')}`);
  const named = /_(\d+)s\.csv$/.exec(path)?.[1];
  const seconds = stepSeconds ?? (named === undefined ? undefined : Number(named));
  if (seconds === undefined || !(seconds > 0)) throw new Error(`${basename(path)} does not say its step: give --step SECONDS`);
  return {
    name: basename(path, '.csv'), column: columns[index]!, stepMs: seconds * 1_000,
    values: rows.map((row) => {
      const text = row.split(',')[index]?.trim() ?? '';
      return text === '' ? Number.NaN : Number(text);
    }),
  };
}
