import type { AgentCommand, AgentMetrics, CommandOutcome, HeldShard, Members } from '@/lib/contract/agent-protocol';
import type { DriverFailure } from '@/lib/contract/operation';
import type { Result } from '@/lib/platform/result';

/** What a database implements to be managed; the agent does the talking. */
export interface ManagedDatabase {
  /** Newest measurements; what is not known is left out. Called for every beat. */
  metrics(): AgentMetrics;
  /** Every shard that this node holds a part of, as it is on its disk. */
  shards(): readonly HeldShard[];
  readonly draining: boolean;
  /**
   * Carries out one command to its end. Expected failures are values. The same command may
   * come again under another key after a failure or a restart: find what is already true and
   * go on from there. On abort, stop at the next point where everything is served (`interrupted`).
   */
  execute(command: AgentCommand, context: CommandContext): Promise<Result<CommandOutcome, DriverFailure>>;
  /** The other nodes, with the hashes of their keys, and who owns which shard. */
  membersChanged(members: Members): void;
}

export interface CommandContext {
  readonly signal: AbortSignal;
  /** Read again at every batch; `null` = no limit. */
  readonly bytesPerSecondMax: () => number | null;
  /** Totals so far. */
  readonly onProgress: (progress: { readonly stage: 'copying' | 'verifying' | 'committing'; readonly bytesDone: number; readonly keysDone: number }) => void;
}
