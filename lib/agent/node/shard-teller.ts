import type { HeldShard } from '@/lib/contract/agent-protocol';

const SHARDS_PER_CALL_MAX = 1_024;

/** Tells the manager which secondaries are in sync. When a node dies, all shards that it followed have something to tell at once: they share a call. */
export class ShardTeller {
  #waiting = new Map<number, ((told: boolean) => void)[]>();
  #telling = false;

  constructor(private readonly options: { readonly held: (shardId: number) => HeldShard | null; readonly tell: (shards: readonly HeldShard[]) => Promise<boolean> }) {}

  /** True when the manager knows what is so at the time of the call, or later. */
  tell(shardId: number): Promise<boolean> {
    return new Promise((resolve) => {
      this.#waiting.set(shardId, [...this.#waiting.get(shardId) ?? [], resolve]);
      void this.#tellAll();
    });
  }

  async #tellAll(): Promise<void> {
    if (this.#telling) return;
    this.#telling = true;
    while (this.#waiting.size > 0) {
      const some = [...this.#waiting].slice(0, SHARDS_PER_CALL_MAX);
      for (const [shardId] of some) this.#waiting.delete(shardId);
      const shards = some.flatMap(([shardId]) => this.options.held(shardId) ?? []);
      const told = shards.length === 0 || await this.options.tell(shards);
      for (const [, waiting] of some) for (const resolve of waiting) resolve(told);
    }
    this.#telling = false;
  }
}
