import type { Capabilities } from '@/lib/contract/cluster';
import type { DriverFailure } from '@/lib/contract/operation';
import type { Observation } from '@/lib/contract/observation';
import type { Result } from '@/lib/platform/result';

/**
 * The adapter to one kind of cluster. A driver tells what is true out there and carries
 * out single steps; it decides nothing, keeps no plan, and never repairs on its own
 * account. Expected failures are values; a rejected promise is a bug.
 *
 * tests/contract/driver-contract.ts is the suite that every driver passes.
 */
export interface ClusterDriver {
  readonly kind: 'simulator' | 'redis-cluster' | 'http-agent';
  readonly capabilities: Capabilities;

  /**
   * One reading of the whole cluster. Nodes are asked side by side, each with its own
   * deadline; one that does not answer is in the result with `answered: false` and
   * delays nobody. Fails only when no node answered at all.
   * `detail: 'nodes'` may leave `shards` null; 'full' fills every column it can.
   */
  observe(options: { detail: 'nodes' | 'full'; signal: AbortSignal }): Promise<Result<Observation, DriverFailure>>;

  /** Asks one node by the cheapest means over a fresh connection; used before anybody is called unreachable. */
  probe(nodeId: string, signal: AbortSignal): Promise<Result<{ answerMs: number }, DriverFailure>>;

  /**
   * Carries out one step to its end. Idempotent: the same step again finds what is
   * already true and goes on from there. On abort it stops at the next safe point
   * (within 1 s) with failure `interrupted` and everything still served; the same
   * step can then be executed again, or reverted where `inspectMove` says so.
   */
  execute(step: DriverStep, context: StepContext): Promise<Result<StepOutcome, DriverFailure>>;

  /** What is true out there about one move, read from the nodes themselves, never from memory. */
  inspectMove(move: MoveTarget, signal: AbortSignal): Promise<Result<MoveTruth, DriverFailure>>;

  /** Ends connections and timers. Idempotent. Moves under way stop at their safe point first. */
  close(): Promise<void>;
}

export interface MoveTarget {
  readonly shardId: number;
  readonly role: 'primary' | 'secondary';
  readonly sourceNodeId: string;
  readonly targetNodeId: string;
}

export type DriverStep =
  | ({ readonly kind: 'move' } & MoveTarget)
  /** Brings a move that `inspectMove` calls revertible back to its source. */
  | ({ readonly kind: 'revert-move' } & MoveTarget)
  | { readonly kind: 'transfer'; readonly shardId: number; readonly sourceNodeId: string; readonly targetNodeId: string }
  /** Makes a process a member that owns nothing. `address` where capabilities.addNodeNeeds is "address". */
  | { readonly kind: 'add-node'; readonly address: string | null; readonly zone: string | null; readonly followerOf: string | null }
  /** Reads from the node itself whether it holds anything. */
  | { readonly kind: 'verify-empty'; readonly nodeId: string }
  /** Makes an empty node leave; refuses (`not-empty`) otherwise. */
  | { readonly kind: 'remove-node'; readonly nodeId: string };

export interface StepContext {
  /** The same for every try of the same step. */
  readonly idempotencyKey: string;
  /** Authority of the issuing manager; a driver that can fence refuses a lower one (`stale-epoch`). */
  readonly epoch: number;
  readonly signal: AbortSignal;
  /** Bytes per second this step may use; `null` = no limit. Read again at every batch. */
  readonly bytesPerSecondMax: () => number | null;
  /** Called at most some times a second. Totals so far, not increments. */
  readonly onProgress: (progress: StepProgress) => void;
}

export interface StepProgress {
  readonly stage: 'copying' | 'verifying' | 'committing';
  readonly bytesDone: number;
  readonly keysDone: number;
}

export interface StepOutcome {
  readonly bytes: number;
  readonly keyCount: number;
  /** The node made by add-node. */
  readonly nodeId: string | null;
}

export interface MoveTruth {
  /**
   * untouched: nothing of it happened, or it was undone. moving: it has begun; executing
   * the step again rolls it forward. done: the target owns it and nobody disagrees.
   * elsewhere: somebody else owns the shard now; the move has no object any more.
   */
  readonly state: 'untouched' | 'moving' | 'done' | 'elsewhere';
  /** While moving: may `revert-move` still bring it back? */
  readonly revertible: boolean;
  readonly keysOnSource: number | null;
  readonly keysOnTarget: number | null;
}
