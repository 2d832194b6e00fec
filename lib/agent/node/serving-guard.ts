/**
 * May this node still serve what it was the primary of? A process that stood still, or was
 * away, can have been taken for dead meanwhile, and another made primary. The process itself
 * notices the first by its own timer and the second by having just started; from then on each
 * shard is asked about before it is served again: whoever could have been made primary says
 * under which epoch it knows the shard, or the manager, heard since, says who owns it.
 */
import type { Clock } from '@/lib/platform/clock';
import type { NodeStore, ShardRecord } from './node-store';
import type { PeerClient } from './peer-client';

const TICK_MS = 250;
/** A process that did not run for so long may have been taken for dead; the manager waits far longer. */
const STOOD_STILL_MS = 2_000;
const ASK_TIMEOUT_MS = 1_000;

export interface ServingGuardOptions {
  readonly clock: Clock;
  readonly store: Pick<NodeStore, 'shard'>;
  readonly peers: Pick<PeerClient, 'call'>;
  readonly nodeId: string;
  /** By the manager's last word. */
  readonly ownerOf: (shardId: number) => string | null;
  /** When the newest beat that was answered was sent. */
  readonly heardSentMonotonicMs: () => number;
}

export class ServingGuard implements Disposable {
  #doubtedMonotonicMs: number;
  #tickMonotonicMs: number;
  readonly #sure = new Set<number>();
  readonly #asking = new Map<number, Promise<string | null>>();
  #timer: Disposable | null = null;

  constructor(private readonly options: ServingGuardOptions) {
    this.#tickMonotonicMs = options.clock.monotonicMs();
    this.#doubtedMonotonicMs = this.#tickMonotonicMs;
    this.#arm();
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }

  /** Why the shard is not served now; null when it may be. */
  async refusalOf(shardId: number): Promise<string | null> {
    this.#look();
    if (this.#sure.has(shardId)) return null;
    const asking = this.#asking.get(shardId) ?? this.#ask(shardId).finally(() => { this.#asking.delete(shardId); });
    this.#asking.set(shardId, asking);
    return await asking;
  }

  async #ask(shardId: number): Promise<string | null> {
    const { store, peers } = this.options;
    const doubtedMs = this.#doubtedMonotonicMs;
    const record = store.shard(shardId);
    // What is not served from here is answered by where it is.
    if (record?.role !== 'primary') return null;
    const answers = await Promise.all(record.secondaries.map(async ({ peer, inSync }) => ({ inSync, answer: await peers.call(peer, shardId, 'state', {}, ASK_TIMEOUT_MS) })));
    const newer = answers.find(({ answer }) => answer.ok && answer.value.epoch > record.epoch);
    if (newer !== undefined) return `Shard ${shardId} was given to another node while this one was away`;
    const isSure = answers.every(({ inSync, answer }) => answer.ok || !inSync) || this.#managerSays(record, doubtedMs);
    if (!isSure) return 'This node was away: it serves again when its secondaries or the manager say that nobody took over';
    // It may have stood still again while it asked.
    if (doubtedMs === this.#doubtedMonotonicMs) this.#sure.add(shardId);
    return null;
  }

  #managerSays({ shardId }: ShardRecord, doubtedMs: number): boolean {
    return this.options.heardSentMonotonicMs() > doubtedMs && this.options.ownerOf(shardId) === this.options.nodeId;
  }

  #look(): void {
    const nowMs = this.options.clock.monotonicMs();
    if (nowMs - this.#tickMonotonicMs > STOOD_STILL_MS) {
      this.#doubtedMonotonicMs = nowMs;
      this.#sure.clear();
    }
    this.#tickMonotonicMs = nowMs;
  }

  #arm(): void {
    this.#timer = this.options.clock.after(TICK_MS, () => {
      this.#look();
      this.#arm();
    });
  }
}
