/** A key costs as much as so many bytes of its value. */
const KEY_BYTES = 512;
/** Shares of a difference that are believed at once: of less than was thought, and of more. */
const BELIEVED = { less: 0.2, more: 0.03 } as const;

/**
 * What bursts cost the source itself, told from what they took as we saw it. That has our
 * own waiting for a core in it, and rests in proportion to it would make moves slow for
 * nobody's good where the machine is shared. Bursts alike in size differ by what came
 * between, so the low end of what they take is the server's: an expectile of 0.13
 * (Newey and Powell, "Asymmetric least squares estimation and testing", 1987), followed
 * step by step, so that a source that becomes slower is believed after some thirty bursts.
 */
export class ServerTime {
  /** Milliseconds per unit of size. */
  #each: number | null = null;

  /** Takes in a burst; gives the milliseconds of it that the source spent, at most `tookMs`. */
  of({ keys, bytes }: { keys: number; bytes: number }, tookMs: number): number {
    const size = Math.max(1, keys + bytes / KEY_BYTES);
    const seen = tookMs / size;
    const known = this.#each ?? seen;
    this.#each = known + (seen < known ? BELIEVED.less : BELIEVED.more) * (seen - known);
    return Math.min(tookMs, this.#each * size);
  }
}
