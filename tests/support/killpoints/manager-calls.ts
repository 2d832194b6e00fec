import type { RedisConnection } from '@/lib/contract/connection';
import type { Provisioning } from '@/lib/contract/provisioner';
import type { MoveStatus, Operation } from '@/lib/contract/operation';

/** What the process of a manager can be asked for. */
export interface Calls {
  connect(argument: { readonly connection: RedisConnection }): Promise<unknown>;
  move(argument: { readonly shardIds: readonly number[]; readonly targetNodeId: string; readonly ends: { readonly sourcePort: number; readonly targetPort: number } }): Promise<Operation>;
  replace(argument: { readonly nodeId: string; readonly address: string }): Promise<Operation>;
  /** Everything that can be mended without a loss, or these shards. */
  mend(argument: { readonly shardIds?: readonly number[]; readonly ends: { readonly sourcePort: number; readonly targetPort: number } }): Promise<Operation>;
  choose(argument: { readonly provisioner: string }): Promise<unknown>;
  scaleOut(argument: { readonly nodeCount: number }): Promise<Operation>;
  scaleIn(argument: { readonly nodeIds: readonly string[] }): Promise<Operation>;
  provisioning(argument: null): Promise<Provisioning>;
  operation(argument: { readonly operationId: string }): Promise<Operation>;
  moves(argument: { readonly operationId: string }): Promise<readonly { readonly shardId: number; readonly status: MoveStatus; readonly failure: string | null }[]>;
  /** The id of the operation that was stored last. */
  newest(argument: null): Promise<string | null>;
}

export interface Call {
  readonly id: number;
  readonly call: keyof Calls;
  readonly argument: unknown;
}

export type Reply =
  | { readonly ready: true }
  /** The victim was just killed. */
  | { readonly struck: true }
  | { readonly id: number; readonly value?: unknown; readonly error?: string };
