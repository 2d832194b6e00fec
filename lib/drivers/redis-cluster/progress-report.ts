import type { StepProgress } from '@/lib/drivers/driver';
import type { Clock } from '@/lib/platform/clock';

const INTERVAL_MS = 200;

/** Totals of one step, told at every change of stage and else at most five times a second. */
export class ProgressReport {
  readonly #clock: Clock;
  readonly #onProgress: (progress: StepProgress) => void;
  #stage: StepProgress['stage'] | null = null;
  #toldAtMs = -Infinity;
  #bytesDone = 0;
  #keysDone = 0;

  constructor(options: { clock: Clock; onProgress: (progress: StepProgress) => void }) {
    this.#clock = options.clock;
    this.#onProgress = options.onProgress;
  }

  get bytesDone(): number {
    return this.#bytesDone;
  }

  get keysDone(): number {
    return this.#keysDone;
  }

  report(stage: StepProgress['stage']): void {
    const nowMs = this.#clock.monotonicMs();
    if (stage === this.#stage && nowMs - this.#toldAtMs < INTERVAL_MS) return;
    this.#stage = stage;
    this.#toldAtMs = nowMs;
    this.#onProgress({ stage, bytesDone: this.#bytesDone, keysDone: this.#keysDone });
  }

  moved({ keys, bytes }: { keys: number; bytes: number }): void {
    this.#keysDone += keys;
    this.#bytesDone += bytes;
    this.report('copying');
  }
}
