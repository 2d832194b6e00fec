/**
 * The extremes and the mean of the last `widthMs`, in constant time per sample on average:
 * a queue that keeps only samples which can still become the extreme. Time is any clock
 * that does not go back; a sample from before the newest one is taken as of the newest.
 */
export class SlidingExtreme {
  readonly #times: number[] = [];
  readonly #values: number[] = [];
  #first = 0;
  readonly #sign: 1 | -1;

  constructor(private readonly widthMs: number, extreme: 'max' | 'min') {
    this.#sign = extreme === 'max' ? 1 : -1;
  }

  push(atMs: number, value: number): void {
    const signed = value * this.#sign;
    while (this.#values.length > this.#first && this.#values[this.#values.length - 1]! <= signed) {
      this.#values.pop();
      this.#times.pop();
    }
    this.#values.push(signed);
    this.#times.push(atMs);
    this.#expire(atMs);
  }

  /** The extreme of (nowMs - widthMs, nowMs]; `null` while nothing is in it. */
  at(nowMs: number): number | null {
    this.#expire(nowMs);
    return this.#first >= this.#values.length ? null : this.#values[this.#first]! * this.#sign;
  }

  #expire(nowMs: number): void {
    while (this.#first < this.#times.length && this.#times[this.#first]! <= nowMs - this.widthMs) this.#first += 1;
    if (this.#first > 512 && this.#first * 2 > this.#times.length) {
      this.#times.splice(0, this.#first);
      this.#values.splice(0, this.#first);
      this.#first = 0;
    }
  }
}

/** The mean over the last `widthMs`, and how much of it has samples; unknown ones count as missing. */
export class SlidingMean {
  readonly #times: number[] = [];
  readonly #values: (number | null)[] = [];
  #first = 0;
  #sum = 0;
  #known = 0;
  #firstMs: number | null = null;

  constructor(private readonly widthMs: number) {}

  push(atMs: number, value: number | null): void {
    this.#firstMs ??= atMs;
    this.#times.push(atMs);
    this.#values.push(value);
    if (value !== null) {
      this.#sum += value;
      this.#known += 1;
    }
    this.#expire(atMs);
  }

  /** `null` while the window is not filled yet, or a tenth of its samples are unknown. */
  at(nowMs: number): number | null {
    this.#expire(nowMs);
    const count = this.#times.length - this.#first;
    if (count === 0 || this.#firstMs === null || nowMs - this.#firstMs < this.widthMs - 1) return null;
    return this.#known < count * 0.9 ? null : this.#sum / this.#known;
  }

  #expire(nowMs: number): void {
    while (this.#first < this.#times.length && this.#times[this.#first]! <= nowMs - this.widthMs) {
      const value = this.#values[this.#first] ?? null;
      if (value !== null) {
        this.#sum -= value;
        this.#known -= 1;
      }
      this.#first += 1;
    }
    if (this.#first > 512 && this.#first * 2 > this.#times.length) {
      this.#times.splice(0, this.#first);
      this.#values.splice(0, this.#first);
      this.#first = 0;
      // Summing anew now and then keeps rounding from adding up over weeks.
      this.#sum = this.#values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
    }
  }
}
