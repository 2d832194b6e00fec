import type { ChainCode, ChainLink } from '@/lib/contract/scaling-record';

/** The way from the size there is to the size decided: every step that changed it or held it, in order. */
export class Chain {
  readonly links: ChainLink[] = [];
  #binding: ChainCode | null = null;

  constructor(public size: number) {}

  get binding(): ChainCode | null {
    return this.#binding;
  }

  /** The size becomes `after`; nothing is noted when it is that already. */
  to(stage: ChainLink['stage'], code: ChainCode, after: number, note: { readonly untilMs?: number | null; readonly numbers?: Readonly<Record<string, number>> } = {}): void {
    if (after === this.size) return;
    this.note(stage, code, after, note);
  }

  /** Notes a step also when it leaves the size as it is. */
  note(stage: ChainLink['stage'], code: ChainCode, after: number, { untilMs = null, numbers = {} }: { readonly untilMs?: number | null; readonly numbers?: Readonly<Record<string, number>> } = {}): void {
    this.links.push({ stage, code, before: this.size, after, untilMs: untilMs === null ? null : Math.max(0, Math.round(untilMs)), numbers: { ...numbers } });
    this.size = after;
    this.#binding = code;
  }
}
