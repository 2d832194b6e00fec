/**
 * Brings the write-ahead log into the database file, beside the connection that commits.
 *
 * SQLite does so by itself, in the commit that makes the log 1,000 pages long; libSQL runs
 * that in the thread that asks, so that everybody would wait for the pages to be copied and
 * for two more syncs of the disk. Here a second connection does it, whose scripts libSQL
 * runs in a thread of its own. It goes in two passes, since a log begins anew only when all
 * of it is in the file: where commits follow each other without a pause, there is always
 * one that came while the others were copied, and the log would grow for ever. The first
 * pass copies while commits go on. For the second, which finds next to nothing, transactions
 * wait before they begin; the event loop does not. They wait for the first as well once as much
 * has been written again as it was begun for: a disk that does not keep up is not run away from.
 *
 * What is synced when does not change: a commit is on disk in the log before it returns, and
 * the file before the log begins anew.
 */
import Database from 'libsql/promise';

/** Commits after which the log is brought into the file: some hundred pages on a usual day, a few megabytes. */
const COMMITS_PER_CHECKPOINT = 32;
/** Or so many characters of what was written, where single commits are large. */
const CHARACTERS_PER_CHECKPOINT = 1024 * 1024;
const PASS = 'PRAGMA wal_checkpoint(PASSIVE)';

/** What is used of libSQL's connection with promises, whose own types say nothing. */
interface SideConnection {
  exec(sql: string): Promise<void>;
  close(): void;
}

export class Checkpoints {
  #commits = 0;
  #characters = 0;
  #side: SideConnection | null = null;
  #running: Promise<void> | null = null;
  /** Shut: transactions that would begin wait for it; `null` = they may. */
  #gate: { readonly opened: Promise<void>; readonly open: () => void } | null = null;
  #transactions = 0;
  #onNoTransaction: (() => void) | null = null;
  #closed = false;

  /** `path`: of the database file, which exists. */
  constructor(private readonly path: string) {}

  /** Call before a transaction begins, and `ended` when it is over, however it ended. */
  async begins(): Promise<void> {
    while (this.#gate !== null) await this.#gate.opened;
    this.#transactions += 1;
  }

  ended(): void {
    this.#transactions -= 1;
    if (this.#transactions === 0) this.#onNoTransaction?.();
  }

  /** Something was committed; `characters` = about how much. */
  committed(characters: number): void {
    this.#commits += 1;
    this.#characters += characters;
    if (this.#closed || (this.#commits < COMMITS_PER_CHECKPOINT && this.#characters < CHARACTERS_PER_CHECKPOINT)) return;
    if (this.#running !== null) {
      this.#shut();
      return;
    }
    this.#commits = 0;
    this.#characters = 0;
    this.#running = this.#run().finally(() => { this.#running = null; });
  }

  /** Resolves when nothing is being copied any more. */
  async settled(): Promise<void> {
    await this.#running;
  }

  /** Ends the second connection; nothing is copied afterwards. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
    this.#leave();
  }

  async #run(): Promise<void> {
    try {
      const side = await this.#connect();
      await side.exec(PASS);
      this.#shut();
      if (this.#transactions > 0) await new Promise<void>((noMore) => { this.#onNoTransaction = noMore; });
      await side.exec(PASS);
    } catch {
      // Nothing is lost: the log is longer than it need be until it is tried again, over a new connection, and at a length it is brought into the file by a commit.
      this.#leave();
    } finally {
      this.#onNoTransaction = null;
      this.#gate?.open();
      this.#gate = null;
    }
  }

  #shut(): void {
    if (this.#gate !== null) return;
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => { open = resolve; });
    this.#gate = { opened, open };
  }

  async #connect(): Promise<SideConnection> {
    if (this.#side !== null) return this.#side;
    const side: SideConnection = new Database(this.path, {});
    this.#side = side;
    await side.exec('PRAGMA synchronous = FULL');
    return side;
  }

  #leave(): void {
    this.#side?.close();
    this.#side = null;
  }
}
