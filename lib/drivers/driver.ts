import type { Capabilities } from '@/lib/contract/cluster';
import type { DriverFailure } from '@/lib/contract/operation';
import type { Observation } from '@/lib/contract/observation';
import type { NodeSample } from '@/lib/contract/pacing';
import type { Risk } from '@/lib/contract/plan';
import type { MendResult, MendStep } from '@/lib/contract/shard-mending';
import type { NodesById, ShardFacts } from '@/lib/core/mending/shard-facts';
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

  /** The epoch of the manager that acts from now on, for what a driver does between two steps. */
  takeAuthority?(epoch: number): void;

  /**
   * How long clients may go by an old map of the cluster. A node that was emptied stays a member for so long,
   * since only a member sends them on to where the data is now. Absent: clients are told at once.
   */
  readonly clientsFollowWithinMs?: number;

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

  /**
   * Many moves between the same two nodes as one piece of work, where the engine gains by
   * it; one result per move, in their order, each as `execute` would give it. Absent: moves
   * are carried out one by one.
   */
  readonly batches?: MoveBatches;

  /** What the nodes involved feel at the moment, by the cheapest means; nodes that do not answer are left out. */
  sampleNodes?(nodeIds: readonly string[], signal: AbortSignal): Promise<readonly NodeSample[]>;

  /**
   * Looks at what could go wrong before the first of these moves: memory of the targets,
   * values too large to move gently, followers behind, leftovers of others, functions and
   * modules that a target lacks, versions. Changes nothing.
   */
  foresee?(moves: readonly ForeseenMove[], signal: AbortSignal): Promise<Result<readonly Risk[], DriverFailure>>;

  /**
   * What would be lost if this node, which is silent, never came back: shards of which nobody
   * else is known to have every acknowledged write. Absent: those without any other living copy.
   */
  foreseeLoss?(nodeId: string, signal: AbortSignal): Promise<Result<LossForecast, DriverFailure>>;

  /** Looks at shards that are not served as they should, and mends them; absent where `capabilities.mendShards` is false. */
  readonly mending?: ShardMending;

  /** What is true out there about one move, read from the nodes themselves, never from memory. */
  inspectMove(move: MoveTarget, signal: AbortSignal): Promise<Result<MoveTruth, DriverFailure>>;

  /** Ends connections and timers. Idempotent. Moves under way stop at their safe point first. */
  close(): Promise<void>;
}

export interface ShardMending {
  /**
   * Asks every node itself about the shards that somebody finds unserved, claimed twice or
   * half moved; with `shardIds` about these and no others, whole ones too. Changes nothing.
   * `isEligible` of the nodes is for the caller to say.
   */
  look(options: { readonly shardIds: readonly number[] | null; readonly signal: AbortSignal }): Promise<Result<MendingFacts, DriverFailure>>;
  /**
   * Carries one remedy out for these shards. Looks again before it touches any, and fails
   * with `topology-changed` when somebody else has acted; again, it goes on where it was.
   */
  mend(order: MendOrder, context: StepContext): Promise<Result<MendResult, DriverFailure>>;
}

export interface MendingFacts {
  readonly shards: readonly ShardFacts[];
  readonly nodes: NodesById;
}

export interface MendOrder extends Pick<MendStep, 'remedy' | 'lostNodeIds'> {
  readonly shardIds: readonly number[];
}

export interface MoveTarget {
  readonly shardId: number;
  readonly role: 'primary' | 'secondary';
  readonly sourceNodeId: string;
  readonly targetNodeId: string;
}

export interface ForeseenMove extends MoveTarget {
  /** As planned; `null` = unknown. */
  readonly bytes: number | null;
  readonly keyCount: number | null;
}

export interface MoveBatches {
  /** No more moves in one batch than this, nor more bytes than this when there are several. */
  readonly movesMax: number;
  readonly bytesMax: number;
  /** `onProgress` of the context is told per move: totals of the move at this position. */
  execute(moves: readonly MoveTarget[], context: BatchContext): Promise<readonly Result<StepOutcome, DriverFailure>[]>;
}

export interface BatchContext extends Omit<StepContext, 'onProgress'> {
  readonly onProgress: (position: number, progress: StepProgress) => void;
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
  /** Empties a leader of its role: one of its followers that is in sync takes over everything it serves, without loss. The new leader is the outcome's `nodeId`. */
  | { readonly kind: 'promote-follower'; readonly nodeId: string; readonly followerId: string | null }
  /**
   * Gives the primary role of everything that a dead node serves to secondaries that have every
   * acknowledged write, and sees to it that nothing of the dead node is trusted when it comes back.
   * Shards without such a secondary are left as they are; with `acceptsLoss` the best copy that is
   * left takes over, and what has none is made anew, empty. Engines that do it by themselves do nothing.
   */
  | { readonly kind: 'fail-over'; readonly nodeId: string; readonly acceptsLoss: boolean }
  /** Makes an empty node leave; refuses (`not-empty`) otherwise. `lost`: it is dead, so what the others know of it is asked instead of itself. */
  | { readonly kind: 'remove-node'; readonly nodeId: string; readonly lost?: boolean };

export interface StepContext {
  /** The same for every try of the same step. */
  readonly idempotencyKey: string;
  /** Authority of the issuing manager; a driver that can fence refuses a lower one (`stale-epoch`). */
  readonly epoch: number;
  readonly signal: AbortSignal;
  /** Bytes per second this step may use; `null` = no limit. Read again at every batch. */
  readonly bytesPerSecondMax: () => number | null;
  /** How hard this step may press its two nodes; read again at every batch. Absent: as the driver sees fit. */
  readonly pressure?: () => Pressure;
  /** Called at most some times a second. Totals so far, not increments. */
  readonly onProgress: (progress: StepProgress) => void;
}

export interface Pressure {
  /** Bytes that may be on their way between two nodes in one go. */
  readonly batchBytesMax: number;
  /** Share of its time that a source may spend on sending, 0..1. */
  readonly duty: number;
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
  /** Of a move: how long clients of the shard had to wait at the handover, where the engine tells. */
  readonly pausedMs?: number;
}

export interface LossForecast {
  readonly shardCount: number;
  /** The first of them. */
  readonly shardIds: readonly number[];
  /** `null` = unknown. */
  readonly keyCount: number | null;
  readonly bytes: number | null;
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
