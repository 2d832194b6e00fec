import * as z from 'zod';
import { IdSchema, ShardIdSchema } from '@/lib/contract/primitives';
import { SimulatorConnectionSchema } from '@/lib/contract/connection';

/**
 * The simulated cluster as plain data, so that it outlives the process: a snapshot of all
 * of it, and single changes to be applied on top of one. Loads and sizes are not in it:
 * they follow from the seed and the time.
 */
const NodeIndexSchema = z.number().int().min(0).max(32_766);

const NodeSnapshotSchema = z.strictObject({
  index: NodeIndexSchema,
  id: IdSchema,
  zone: z.string().min(1).max(128),
  joinKey: z.string().nullable(),
  incarnation: z.number().int().min(1),
  sequence: z.number().int().min(0),
  member: z.boolean(),
  removed: z.boolean(),
  waiting: z.boolean().default(false),
  running: z.boolean(),
  answering: z.boolean(),
  isolated: z.boolean(),
  slowFactor: z.number().min(1),
  failed: z.boolean(),
  outages: z.number().int().min(0),
});

const ControlsSchema = z.strictObject({
  loadScale: z.number().min(0),
  hotShards: z.array(z.tuple([ShardIdSchema, z.number().min(0)]).readonly()).readonly(),
});

const PartialCopySchema = z.strictObject({
  shardId: ShardIdSchema,
  role: z.enum(['primary', 'secondary']),
  source: NodeIndexSchema,
  target: NodeIndexSchema,
  origin: NodeIndexSchema,
  bytes: z.number().min(0),
  keyCount: z.number().min(0),
  bytesDone: z.number().min(0),
});

export const SimulatorSnapshotSchema = z.strictObject({
  format: z.literal(1),
  /** What the cluster was made from; another shape is another cluster. */
  shape: SimulatorConnectionSchema.pick({ nodeCount: true, zoneCount: true, shardCount: true, replicationFactor: true, seed: true, lastNodeEmpty: true, clientRouting: true }).strict(),
  /** Simulated milliseconds since the beginning. */
  nowMs: z.number().min(0),
  /** The highest manager epoch seen. */
  authority: z.number().int().min(0),
  nodes: z.array(NodeSnapshotSchema).min(1),
  controls: ControlsSchema,
  partialCopies: z.array(PartialCopySchema),
  /** Int16 little-endian, shards x replicas, base64. */
  placement: z.string(),
  /** Float64 little-endian, one per shard, base64. */
  epochs: z.string(),
});
export type SimulatorSnapshot = z.infer<typeof SimulatorSnapshotSchema>;

export const ClusterChangeSchema = z.discriminatedUnion('kind', [
  /** The row of a shard after a change of ownership. */
  z.strictObject({ kind: z.literal('shard'), shardId: ShardIdSchema, holders: z.array(NodeIndexSchema).min(1), epoch: z.number().min(0) }),
  /** A node after it came, went or changed. */
  z.strictObject({ kind: z.literal('node'), node: NodeSnapshotSchema }),
  z.strictObject({ kind: z.literal('authority'), epoch: z.number().int().min(0) }),
  z.strictObject({ kind: z.literal('controls'), controls: ControlsSchema }),
]);
export type ClusterChange = z.infer<typeof ClusterChangeSchema>;

/** The snapshot with changes applied in order. Applying changes that it already contains gives the same again. */
export function withChanges(snapshot: SimulatorSnapshot, changes: readonly ClusterChange[]): SimulatorSnapshot {
  if (changes.length === 0) return snapshot;
  const placement = decodePlacement(snapshot.placement);
  const epochs = decodeEpochs(snapshot.epochs);
  const width = placement.length / snapshot.shape.shardCount;
  const nodes = [...snapshot.nodes];
  let { authority, controls } = snapshot;
  const moved = new Set<number>();
  for (const change of changes) {
    switch (change.kind) {
      case 'shard':
        placement.set(change.holders.slice(0, width), change.shardId * width);
        epochs[change.shardId] = change.epoch;
        moved.add(change.shardId);
        break;
      case 'node': nodes[change.node.index] = change.node; break;
      case 'authority': authority = Math.max(authority, change.epoch); break;
      case 'controls': ({ controls } = change); break;
    }
  }
  return {
    ...snapshot, authority, controls, nodes,
    // A shard that changed hands since has no partial copy any more that could be trusted.
    partialCopies: snapshot.partialCopies.filter((copy) => !moved.has(copy.shardId)),
    placement: encodeColumn(placement),
    epochs: encodeColumn(epochs),
  };
}

export function encodeColumn(column: Int16Array | Float64Array): string {
  return Buffer.from(column.buffer, column.byteOffset, column.byteLength).toString('base64');
}

export function decodePlacement(text: string): Int16Array {
  const bytes = alignedBytes(text);
  return new Int16Array(bytes, 0, Math.floor(bytes.byteLength / Int16Array.BYTES_PER_ELEMENT));
}

export function decodeEpochs(text: string): Float64Array {
  const bytes = alignedBytes(text);
  return new Float64Array(bytes, 0, Math.floor(bytes.byteLength / Float64Array.BYTES_PER_ELEMENT));
}

/** A buffer of its own: Node's small buffers share one and are not aligned. */
function alignedBytes(text: string): ArrayBuffer {
  return new Uint8Array(Buffer.from(text, 'base64')).buffer;
}
