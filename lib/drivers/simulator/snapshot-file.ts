import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import { ClusterChangeSchema, SimulatorSnapshotSchema, withChanges, type ClusterChange, type SimulatorSnapshot } from './cluster-snapshot';
import type { PhantomCluster } from './phantom-cluster';

/** Least time between two snapshots. */
const SAVE_MS = 1_000;

export interface SnapshotProblem {
  readonly code: 'unreadable' | 'malformed' | 'not-written';
  readonly message: string;
}

/**
 * Keeps the simulated cluster over restarts of the process, kill -9 included: a snapshot
 * written at most once a second (to a temporary file that is renamed, so that there is
 * always a whole one), and beside it a journal of the changes since, appended before
 * whoever made them hears of it. A move that was reported done is done after the restart.
 *
 * Both are left to the operating system's cache: a power cut may cost the last seconds,
 * which is little for a cluster that does not exist.
 */
export class SnapshotFile {
  readonly #journalPath: string;

  constructor(private readonly path: string) {
    this.#journalPath = `${path}.journal`;
  }

  /** The cluster as it was last; null when nothing was kept. A file that cannot be used is a failure and stays where it is. */
  load(): Result<SimulatorSnapshot | null, SnapshotProblem> {
    if (!existsSync(this.path)) return ok(null);
    let text: string;
    let journal: string;
    try {
      text = readFileSync(this.path, 'utf8');
      journal = existsSync(this.#journalPath) ? readFileSync(this.#journalPath, 'utf8') : '';
    } catch (error) {
      return err({ code: 'unreadable', message: messageOf(error) });
    }
    const parsed = SimulatorSnapshotSchema.safeParse(jsonOf(text));
    if (!parsed.success) return err({ code: 'malformed', message: `${this.path}: ${parsed.error.issues[0]?.message ?? 'not a snapshot'}` });
    return ok(withChanges(parsed.data, changesOf(journal)));
  }

  /**
   * Writes down what happens to `cluster` until the returned function is called, which
   * writes it once more. Begins with the first change: until then the seed, or what is in
   * the file, says it all. What cannot be written is told and the cluster goes on.
   */
  follow(cluster: PhantomCluster, options: { clock: Clock; onProblem: (problem: SnapshotProblem) => void }): () => void {
    let timer: Disposable | null = null;
    let begun = false;
    const save = () => {
      timer = null;
      this.#guarded(options.onProblem, () => {
        this.#save(cluster.snapshot());
        begun = true;
      });
    };
    const unsubscribe = cluster.core.onChange((change) => {
      if (!begun) {
        save();
        return;
      }
      this.#guarded(options.onProblem, () => { appendFileSync(this.#journalPath, `${JSON.stringify(change)}\n`); });
      timer ??= options.clock.after(SAVE_MS, save);
    });
    return () => {
      unsubscribe();
      timer?.[Symbol.dispose]();
      if (begun) save();
    };
  }

  /** Forgets the cluster. */
  remove(): void {
    for (const path of [this.path, this.#journalPath]) rmSync(path, { force: true });
  }

  #guarded(onProblem: (problem: SnapshotProblem) => void, write: () => void): void {
    try {
      write();
    } catch (error) {
      onProblem({ code: 'not-written', message: messageOf(error) });
    }
  }

  /**
   * In one go, so that no change comes between. Killed before the journal is emptied, it is
   * applied to a snapshot that has it already, which gives the same again.
   */
  #save(snapshot: SimulatorSnapshot): void {
    mkdirSync(dirname(this.path), { recursive: true });
    const temporary = `${this.path}.tmp`;
    writeFileSync(temporary, JSON.stringify(snapshot));
    renameSync(temporary, this.path);
    writeFileSync(this.#journalPath, '');
  }
}

/** Changes up to the first line that is not one: a process killed in the middle of a line leaves half of it. */
function changesOf(journal: string): ClusterChange[] {
  const changes: ClusterChange[] = [];
  for (const line of journal.split('\n')) {
    const parsed = ClusterChangeSchema.safeParse(jsonOf(line));
    if (!parsed.success) break;
    changes.push(parsed.data);
  }
  return changes;
}

/** Undefined where the text is not JSON; the schema then says so. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
