import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, it } from 'vitest';
import type { Capabilities } from '@/lib/contract/cluster';
import type { ClusterDriver } from '@/lib/drivers/driver';

/** What is known of a driver before a cluster is started: it decides which rules apply. */
export interface DriverTraits {
  readonly kind: ClusterDriver['kind'];
  readonly capabilities: Capabilities;
  /** Refuses steps of a manager with a lower epoch. */
  readonly fences: boolean;
  /** The harness can stop a node from answering and let it answer again. */
  readonly canSilence: boolean;
  /** The harness can end a node's process. */
  readonly canKill: boolean;
  /** How long a reading may take when one node does not answer, by the driver's clock. */
  readonly readingMsMax: number;
  /** How long one move without a throttle may take, by the driver's clock. */
  readonly moveMsMax: number;
}

/** What a checker client found: every acknowledged write must be readable afterwards. */
interface CheckerFindings {
  readonly acknowledgedWrites: number;
  readonly lostWrites: number;
  readonly duplicatedWrites: number;
  /** Errors that a cluster client does not handle by itself (redirects are handled). */
  readonly clientErrors: number;
}

/**
 * One cluster under test with its driver. One leader (`emptyNodeId`) owns nothing, the
 * others hold data, and for every shard there are at least two leaders without it.
 */
export interface DriverHarness {
  readonly driver: ClusterDriver;
  readonly emptyNodeId: string;
  /** Monotonic milliseconds of the clock that the driver was given. */
  nowMs(): number;
  /** Awaits `work` while the driver's time passes; rejects when it takes longer than `limitMs` of it. */
  complete<T>(work: Promise<T>, limitMs: number): Promise<T>;
  /** Lets the driver's time pass. */
  pass(ms: number): Promise<void>;
  /** The address of a running process that is no member; null where add-node needs none. */
  freshAddress(): Promise<string | null>;
  /** A second driver over the same cluster, as after a restart of the manager. */
  reopen(): Promise<ClusterDriver>;
  /** Where traits.canSilence: the node keeps running but answers nothing until the returned function was called. */
  silence?(nodeId: string): Promise<() => Promise<void>>;
  /** Where traits.canKill. */
  kill?(nodeId: string): Promise<void>;
  /** Starts a load that checks itself; absent for the simulator alone, which has no clients. */
  startChecker?(): Promise<{ stop(): Promise<CheckerFindings> }>;
  /** Ends the cluster, the driver and everything else the harness started. */
  cleanUp(): Promise<void>;
}

/** `complete`, `pass` and `nowMs` for drivers on the machine's own time. */
export const realTime: Pick<DriverHarness, 'nowMs' | 'complete' | 'pass'> = {
  nowMs: () => performance.now(),
  pass: async (ms) => { await wait(ms); },
  async complete(work, limitMs) {
    const limit = new AbortController();
    const tooLate = wait(limitMs, undefined, { signal: limit.signal }).then(() => {
      throw new Error(`Not finished within ${limitMs} ms`);
    });
    try {
      return await Promise.race([work, tooLate]);
    } finally {
      limit.abort();
      // The aborted wait rejects; nobody waits for it any more.
      tooLate.catch(() => undefined);
    }
  },
};

/** One cluster for all tests of the calling group. */
export function sharedHarness(makeHarness: () => Promise<DriverHarness>): () => DriverHarness {
  let harness: DriverHarness | null = null;
  beforeAll(async () => { harness = await makeHarness(); });
  afterAll(async () => { await harness?.cleanUp(); });
  return () => {
    if (harness === null) throw new Error('The harness did not start');
    return harness;
  };
}

/** A rule that has no object for some kinds of cluster is no test of theirs, rather than a skipped one. */
export function itWhere(applies: boolean): (name: string, test: () => Promise<void>) => void {
  return (name, test) => { if (applies) it(name, test); };
}
