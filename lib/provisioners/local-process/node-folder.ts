import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { findRunningIn, isRunningIn, ProcessIdentitySchema, type ProcessIdentity } from './process-identity';

const FILE = 'node.json';
export const LOG_FILE = 'process.log';

const NodeNoteSchema = z.strictObject({
  format: z.literal(1),
  intentId: z.string().max(128),
  port: z.number().int().min(1).max(65_535),
  /** `null`: it was about to be started. */
  process: ProcessIdentitySchema.nullable(),
});
type NodeNote = z.infer<typeof NodeNoteSchema>;

/**
 * The folder of one node: its data, and a note of what was started in it. The note is
 * written before the process is started and again after, so that a manager that was killed
 * in between finds the process by the folder that it works in.
 */
export class NodeFolder {
  constructor(readonly path: string) {}

  /** `null`: there is none, or it is not ours. */
  note(): NodeNote | null {
    let text: string;
    try {
      text = readFileSync(join(this.path, FILE), 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error) return null;
      throw error;
    }
    const parsed = NodeNoteSchema.safeParse(jsonOf(text));
    return parsed.success ? parsed.data : null;
  }

  write(note: NodeNote): void {
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
    const temporary = join(this.path, `${FILE}.tmp`);
    writeFileSync(temporary, JSON.stringify(note), { mode: 0o600 });
    renameSync(temporary, join(this.path, FILE));
  }

  /** The process that runs in it, if any. */
  running(note: NodeNote): ProcessIdentity | null {
    if (note.process !== null && isRunningIn(note.process, this.path)) return note.process;
    return findRunningIn(this.path);
  }

  logTail(): string {
    try {
      return readFileSync(join(this.path, LOG_FILE), 'utf8').trimEnd().split('\n').slice(-3).join(' | ').slice(-300);
    } catch (error) {
      if (error instanceof Error && 'code' in error) return 'it left no log';
      throw error;
    }
  }

  /** Data and all; only what has our note in it. */
  remove(): void {
    if (this.note() !== null) rmSync(this.path, { recursive: true, force: true });
  }
}

/** Names of the folders in `path`; none while it does not exist. */
export function foldersIn(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
