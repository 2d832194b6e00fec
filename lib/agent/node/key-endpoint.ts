/** What clients ask of a node: get, put and delete of keys. A key that lives elsewhere is answered with where. */
import type { Peer } from '@/lib/contract/agent-protocol';
import type { KeyLookup } from '@/lib/core/routing/key-lookup';
import { sleep, type Clock } from '@/lib/platform/clock';
import type { NodeStore } from './node-store';
import type { ServingGuard } from './serving-guard';
import type { ShardActivity } from './shard-activity';
import { refusalOf, type ShardPipe, type WriteOutcome } from './shard-pipe';

export const KEYS_PATH = '/v1/keys/';
export const KEY_BYTES_MAX = 1_024;
export const VALUE_BYTES_MAX = 1024 * 1024;
/** A handover takes milliseconds: a request waits for it rather than being sent away. */
const HANDOVER_WAIT_MS_MAX = 2_000;
const HANDOVER_POLL_MS = 5;

export type KeyAnswer =
  | { readonly status: 200; readonly version: number; readonly value: Buffer | null }
  | { readonly status: 404; readonly code: 'no-such-key' | 'not-here'; readonly detail: string }
  | { readonly status: 307; readonly location: string }
  | { readonly status: 503; readonly code: 'unavailable'; readonly detail: string };

export interface KeyRequest {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  readonly key: string;
  readonly body: Buffer;
}

export interface KeyEndpointOptions {
  readonly shardOf: KeyLookup;
  readonly store: NodeStore;
  readonly activity: ShardActivity;
  readonly clock: Clock;
  readonly nodeId: string;
  readonly guard: Pick<ServingGuard, 'refusalOf'>;
  readonly pipeOf: (shardId: number) => ShardPipe;
  /** Who is said to have a shard of which nothing is here. */
  readonly ownerOf: (shardId: number) => Peer | null;
}

export class KeyEndpoint {
  constructor(private readonly options: KeyEndpointOptions) {}

  async answer(request: KeyRequest): Promise<KeyAnswer> {
    const { clock, activity } = this.options;
    const shardId = this.options.shardOf(request.key);
    const beganMs = clock.monotonicMs();
    const deadlineMs = beganMs + HANDOVER_WAIT_MS_MAX;
    for (;;) {
      const answer = await this.#serve(shardId, request);
      if (answer.status !== 503 || clock.monotonicMs() >= deadlineMs) {
        const bytes = answer.status === 200 ? (answer.value ?? request.body).length : 0;
        if (answer.status === 200 || (answer.status === 404 && answer.code === 'no-such-key')) {
          activity.count(shardId, request.method === 'GET' ? 'read' : 'write', Buffer.byteLength(request.key) + bytes, clock.monotonicMs() - beganMs);
        }
        return answer;
      }
      await sleep(clock, HANDOVER_POLL_MS);
    }
  }

  async #serve(shardId: number, request: KeyRequest): Promise<KeyAnswer> {
    const unsure = await this.options.guard.refusalOf(shardId);
    if (unsure !== null) return { status: 503, code: 'unavailable', detail: unsure };
    return request.method === 'GET' ? this.#read(shardId, request.key) : await this.#write(shardId, request);
  }

  #read(shardId: number, key: string): KeyAnswer {
    const { store } = this.options;
    const refusal = refusalOf(store.shard(shardId));
    if (refusal !== null) return this.#elsewhere(shardId, key, refusal);
    const row = store.get(shardId, key);
    if (row === null || row.deleted) return { status: 404, code: 'no-such-key', detail: 'There is no such key' };
    return { status: 200, version: row.version, value: row.value };
  }

  async #write(shardId: number, { method, key, body }: KeyRequest): Promise<KeyAnswer> {
    const refusal = refusalOf(this.options.store.shard(shardId));
    if (refusal !== null) return this.#elsewhere(shardId, key, refusal);
    const outcome = await this.options.pipeOf(shardId).write(key, method === 'DELETE' ? null : body);
    return outcome.kind === 'written' ? { status: 200, version: outcome.version, value: null } : this.#elsewhere(shardId, key, outcome);
  }

  #elsewhere(shardId: number, key: string, refusal: Exclude<WriteOutcome, { kind: 'written' }>): KeyAnswer {
    if (refusal.kind === 'unavailable') return { status: 503, code: 'unavailable', detail: refusal.reason };
    const peer = refusal.peer ?? this.options.ownerOf(shardId);
    if (peer === null || peer.nodeId === this.options.nodeId) return { status: 404, code: 'not-here', detail: `Shard ${shardId} is not here, and this node does not know where it is` };
    return { status: 307, location: `http://${peer.address}${KEYS_PATH}${encodeURIComponent(key)}` };
  }
}
