import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Peer } from '@/lib/contract/agent-protocol';
import { emptyShard, type ShardRecord } from '@/lib/agent/node/node-store';
import type { CopyState } from '@/lib/agent/node/peer-protocol';
import { EMPTY_DIGEST } from '@/lib/agent/node/rows';
import { ServingGuard } from '@/lib/agent/node/serving-guard';
import { err, ok } from '@/lib/platform/result';
import { VirtualClock } from '@/lib/platform/virtual-clock';

const peer = (nodeId: string): Peer => ({ nodeId, address: `${nodeId}:1`, keyHash: 'a'.repeat(64) });

describe('may a node serve what it was the primary of?', () => {
  let clock: VirtualClock;
  let guard: ServingGuard;
  let record: ShardRecord;
  /** By node: the epoch under which it knows the shard; null = it does not answer. */
  let epochs: Map<string, number | null>;
  let asked: number;
  let owner: string | null;
  let heardMs: number;
  let stoodStillMs: number;

  beforeEach(() => {
    clock = new VirtualClock();
    record = emptyShard(1, { role: 'primary', epoch: 5, lineage: 'l', secondaries: [{ peer: peer('s'), inSync: true }, { peer: peer('t'), inSync: false }] });
    epochs = new Map([['s', 5], ['t', 5]]);
    asked = 0;
    owner = null;
    heardMs = -Infinity;
    stoodStillMs = 0;
    guard = new ServingGuard({
      clock: { wallMs: () => clock.wallMs(), monotonicMs: () => clock.monotonicMs() + stoodStillMs, after: (delayMs, callback) => clock.after(delayMs, callback) },
      nodeId: 'self', ownerOf: () => owner, heardSentMonotonicMs: () => heardMs,
      store: { shard: () => record },
      peers: {
        call: ({ nodeId }) => {
          asked += 1;
          const epoch = epochs.get(nodeId) ?? null;
          const state: CopyState | null = epoch === null ? null : { role: 'secondary', epoch, version: 0, lineage: 'l', keyCount: 0, sizeBytes: 0, digest: EMPTY_DIGEST };
          return Promise.resolve(state === null ? err({ code: 'no-answer' as const, message: 'down' }) : ok(state));
        },
      },
    });
  });

  afterEach(() => { guard[Symbol.dispose](); });

  it('[A1] after a start it asks those that could have taken over, once', async () => {
    expect(await guard.refusalOf(1)).toBeNull();
    expect(await guard.refusalOf(1)).toBeNull();
    expect(asked).toBe(2);
  });

  it('[A1] a higher epoch anywhere ends its service, also where everything else says that it may go on', async () => {
    epochs.set('t', 7);
    owner = 'self';
    heardMs = 1;
    expect(await guard.refusalOf(1)).toContain('given to another node');
  });

  it('[A1] while a secondary in sync is silent, only the manager, heard since, can say that nobody took over', async () => {
    epochs.set('s', null);
    expect(await guard.refusalOf(1)).toContain('serves again when');
    owner = 'self';
    expect(await guard.refusalOf(1)).toContain('serves again when');
    heardMs = clock.monotonicMs() + 1;
    expect(await guard.refusalOf(1)).toBeNull();
  });

  it('one that fell behind need not answer, and without secondaries nobody is asked', async () => {
    epochs.set('t', null);
    expect(await guard.refusalOf(1)).toBeNull();
    record = { ...record, secondaries: [] };
    expect(await guard.refusalOf(2)).toBeNull();
    expect(asked).toBe(2);
  });

  it('[A1] a process that stood still asks again before it serves', async () => {
    expect(await guard.refusalOf(1)).toBeNull();
    await clock.advance(60_000);
    expect(await guard.refusalOf(1)).toBeNull();
    expect(asked).toBe(2);
    epochs.set('s', 6);
    stoodStillMs = 30_000;
    expect(await guard.refusalOf(1)).toContain('given to another node');
  });
});
