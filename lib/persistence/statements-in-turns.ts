import { nextTurn } from '@/lib/platform/in-turns';

/** Statements in a row, with what is made of their answers, before others get their turn, in ms. */
const STRETCH_MS_MAX = 4;

/**
 * libSQL runs a statement in the thread that asks for it, and its promise is settled by then: what
 * follows it, a whole transaction of many statements, would be one turn of the event loop. So a
 * statement that would begin late in its turn waits for the next one.
 */
export class StatementsInTurns {
  /** When the first statement of this turn began; `null` = none yet. */
  #beganMs: number | null = null;

  /** `nowMs`: any clock of milliseconds that never goes back. */
  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  async run<T>(statement: () => Promise<T>): Promise<T> {
    if (this.#beganMs !== null && this.nowMs() - this.#beganMs >= STRETCH_MS_MAX) await nextTurn();
    if (this.#beganMs === null) {
      this.#beganMs = this.nowMs();
      setImmediate(() => { this.#beganMs = null; });
    }
    return await statement();
  }
}
