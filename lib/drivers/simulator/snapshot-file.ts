import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '@/lib/platform/clock';
import { nextTurn } from '@/lib/platform/in-turns';
import { err, ok, type Result } from '@/lib/platform/result';
import { ClusterChangeSchema, SimulatorSnapshotSchema, withChanges, type ClusterChange, type SimulatorSnapshot } from './cluster-snapshot';
import type { PhantomCluster } from './phantom-cluster';

/** Least time between two snapshots. */
const SAVE_MS = 1_000;

export interface SnapshotProblem {
  readonly code: 'unreadable' | 'malformed' | 'not-written';
  readonly message: string;
}

interface Paths {
  readonly snapshot: string;
  /** Changes since the snapshot. */
  readonly journal: string;
  /** Changes since the snapshot that is being written was taken; applied after the journal. */
  readonly nextJournal: string;
  readonly temporary: string;
  /** Of the snapshot that is written in one go. Another file, for the other may be in the middle of being written. */
  readonly temporaryAtOnce: string;
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
  readonly #paths: Paths;

  constructor(path: string) {
    this.#paths = { snapshot: path, journal: `${path}.journal`, nextJournal: `${path}.journal.next`, temporary: `${path}.tmp`, temporaryAtOnce: `${path}.once.tmp` };
  }

  /** The cluster as it was last; null when nothing was kept. A file that cannot be used is a failure and stays where it is. */
  load(): Result<SimulatorSnapshot | null, SnapshotProblem> {
    const { snapshot, journal, nextJournal } = this.#paths;
    if (!existsSync(snapshot)) return ok(null);
    let text: string;
    let journals: string[];
    try {
      text = readFileSync(snapshot, 'utf8');
      journals = [journal, nextJournal].map((path) => (existsSync(path) ? readFileSync(path, 'utf8') : ''));
    } catch (error) {
      return err({ code: 'unreadable', message: messageOf(error) });
    }
    const parsed = SimulatorSnapshotSchema.safeParse(jsonOf(text));
    if (!parsed.success) return err({ code: 'malformed', message: `${snapshot}: ${parsed.error.issues[0]?.message ?? 'not a snapshot'}` });
    return ok(withChanges(parsed.data, journals.flatMap(changesOf)));
  }

  /**
   * Writes down what happens to `cluster` until the returned function is called, which
   * writes it once more. Begins with the first change: until then the seed, or what is in
   * the file, says it all. What cannot be written is told and the cluster goes on.
   */
  follow(cluster: PhantomCluster, options: { clock: Clock; onProblem: (problem: SnapshotProblem) => void }): () => void {
    const keeper = new Keeper(this.#paths, cluster, options);
    return () => { keeper.stop(); };
  }

  /** Forgets the cluster. */
  remove(): void {
    for (const path of Object.values<string>({ ...this.#paths })) rmSync(path, { force: true });
  }
}

/** Writes one cluster down while it lives. */
class Keeper {
  /** Where changes are appended; null before the first one, when there is no snapshot to apply them to. */
  #journal: string | null = null;
  #timer: Disposable | null = null;
  #writing = false;
  #stopped = false;
  readonly #unsubscribe: () => void;

  constructor(private readonly paths: Paths, private readonly cluster: PhantomCluster, private readonly options: { readonly clock: Clock; readonly onProblem: (problem: SnapshotProblem) => void }) {
    this.#unsubscribe = cluster.core.onChange((change) => { this.#note(change); });
  }

  stop(): void {
    this.#unsubscribe();
    this.#stopped = true;
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
    if (this.#journal !== null) this.#guarded(() => { this.#saveAtOnce(); });
  }

  #note(change: ClusterChange): void {
    const journal = this.#journal;
    this.#guarded(() => {
      if (journal === null) this.#saveAtOnce();
      else appendFileSync(journal, `${JSON.stringify(change)}\n`);
    });
    if (journal !== null) this.#saveSoon();
  }

  #saveSoon(): void {
    this.#timer ??= this.options.clock.after(SAVE_MS, () => {
      this.#timer = null;
      if (this.#writing) this.#saveSoon();
      else void this.#saveAside();
    });
  }

  /**
   * In one go, so that no change comes between. Killed before the journals are emptied, they are
   * applied to a snapshot that has them already, which gives the same again.
   */
  #saveAtOnce(): void {
    const { snapshot, journal, nextJournal, temporaryAtOnce } = this.paths;
    mkdirSync(dirname(snapshot), { recursive: true });
    writeFileSync(temporaryAtOnce, textOf(this.cluster.snapshot()).join(''));
    renameSync(temporaryAtOnce, snapshot);
    writeFileSync(journal, '');
    rmSync(nextJournal, { force: true });
    this.#journal = journal;
  }

  /**
   * In portions: of a cluster of 100,000 shards and their replicas the file has two million
   * characters, which in one go would hold everybody up. Changes that come meanwhile go to the next
   * journal, which takes the place of the one before as the snapshot does. Killed in between, or if it could
   * not be written, there are the snapshot of before and both journals.
   */
  async #saveAside(): Promise<void> {
    const { snapshot, journal, nextJournal, temporary } = this.paths;
    this.#writing = true;
    try {
      if (this.#journal === nextJournal) appendFileSync(journal, readFileSync(nextJournal));
      writeFileSync(nextJournal, '');
      this.#journal = nextJournal;
      const taken = this.cluster.snapshot();
      await nextTurn();
      const text = textOf(taken);
      await nextTurn();
      // It is stopped in other turns than this one.
      if (!this.#isStopped()) await writeFile(temporary, text);
      if (this.#isStopped()) {
        rmSync(temporary, { force: true });
        return;
      }
      renameSync(temporary, snapshot);
      renameSync(nextJournal, journal);
      this.#journal = journal;
    } catch (error) {
      this.#tell(error);
    } finally {
      this.#writing = false;
    }
  }

  #isStopped(): boolean {
    return this.#stopped;
  }

  #guarded(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#tell(error);
    }
  }

  #tell(error: unknown): void {
    this.options.onProblem({ code: 'not-written', message: messageOf(error) });
  }
}

/** JSON in portions. The columns are nearly all of it, and base64 has nothing that JSON would write otherwise. */
function textOf({ placement, epochs, ...rest }: SimulatorSnapshot): string[] {
  return [JSON.stringify(rest).slice(0, -1), `,"placement":"${placement}"`, `,"epochs":"${epochs}"}`];
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
