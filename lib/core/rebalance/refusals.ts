import type { Refusal, RefusalCode } from '@/lib/contract/plan';

export interface RefusalDetail {
  readonly nodeId?: string;
  readonly shardId?: number;
  readonly numbers?: Readonly<Record<string, number>>;
  /** What would have to change. */
  readonly remedy?: string;
}

/** One refusal, of one candidate. Numbers that are not finite are left out: they could not be sent. */
export function refusal(constraint: RefusalCode, message: string, detail: RefusalDetail = {}): Refusal {
  return {
    constraint,
    message: message.slice(0, 500),
    nodeId: detail.nodeId ?? null,
    shardId: detail.shardId ?? null,
    numbers: Object.fromEntries(Object.entries(detail.numbers ?? {}).filter(([, value]) => Number.isFinite(value))),
    count: 1,
    ...(detail.remedy !== undefined && { remedy: detail.remedy.slice(0, 300) }),
  };
}

const REFUSALS_MAX = 200;

/**
 * Refusals of the same kind, counted: the first is kept as the example, with its numbers.
 * At most 200 kinds; what comes after is counted nowhere, the list is for reading.
 */
export class RefusalTally {
  readonly #byKey = new Map<string, Refusal>();

  /** `make` is called only for the first of its kind. */
  add(key: string, make: () => Refusal): void {
    const known = this.#byKey.get(key);
    if (known !== undefined) this.#byKey.set(key, { ...known, count: known.count + 1 });
    else if (this.#byKey.size < REFUSALS_MAX) this.#byKey.set(key, make());
  }

  addAll(refusals: readonly Refusal[]): void {
    for (const each of refusals) this.add(`${each.constraint}/${each.nodeId ?? ''}/${each.shardId ?? ''}`, () => each);
  }

  toArray(): Refusal[] {
    return [...this.#byKey.values()];
  }
}
