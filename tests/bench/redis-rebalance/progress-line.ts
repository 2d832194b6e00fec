const WIDTH = 30;

/** A bar on a terminal; elsewhere one line at the beginning is enough. */
export class ProgressLine {
  readonly #isTerminal = process.stderr.isTTY;

  constructor(private readonly title: string) {
    if (!this.#isTerminal) process.stderr.write(`${title}\n`);
  }

  show(share: number): void {
    if (!this.#isTerminal) return;
    const filled = Math.round(Math.min(1, Math.max(0, share)) * WIDTH);
    process.stderr.write(`\r${this.title} [${'='.repeat(filled)}${' '.repeat(WIDTH - filled)}] ${Math.round(share * 100)} % `);
  }

  end(said: string): void {
    process.stderr.write(this.#isTerminal ? `\r\u001b[K${this.title}: ${said}\n` : `  ${said}\n`);
  }
}
