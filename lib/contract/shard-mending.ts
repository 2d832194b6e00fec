import * as z from 'zod';
import { RefusalSchema } from './plan';
import { CountSchema, IdSchema, QuantitySchema, ShardIdSchema, TimestampMsSchema } from './primitives';
import { MEND_STEPS_MAX, REMEDY_REASONS, SHARD_FAULTS } from './vocabulary';

/** Shards from `first` to `last`, both included. */
export const ShardRangeSchema = z.object({ first: ShardIdSchema, last: ShardIdSchema }).meta({ id: 'ShardRange' });
export type ShardRange = z.infer<typeof ShardRangeSchema>;

const HoldingKeysSchema = z.object({ nodeId: IdSchema, keyCount: CountSchema });

/** The mark of a half-done move, as the node itself tells it. */
export const MoveMarkSchema = z.object({
  nodeId: IdSchema,
  kind: z.enum(['migrating', 'importing']),
  /** Where it migrates to, or imports from. */
  otherNodeId: IdSchema,
}).meta({ id: 'MoveMark' });
export type MoveMark = z.infer<typeof MoveMarkSchema>;

/** What would be done about shards that are not served as they should. */
export const RemedySchema = z.object({
  /** assign: nobody serves them, `toNodeId` takes them. finish: their half-done move goes on to its end. keep: the node that serves them keeps them. */
  kind: z.enum(['assign', 'finish', 'keep']),
  toNodeId: IdSchema,
  /** Of finish: who serves them until then. */
  sourceNodeId: IdSchema.nullable(),
  /** Who has keys of them that belong to `toNodeId` afterwards. A key that is there already with another value stays on both. */
  gathersFrom: z.array(HoldingKeysSchema).max(1_000),
  /** Whose marks of a half-done move are cleared, once nothing is lost by it. */
  closesOn: z.array(IdSchema).max(1_000),
  reason: z.object({ code: z.enum(REMEDY_REASONS), message: z.string().max(500) }),
}).meta({ id: 'ShardRemedy' });
export type Remedy = z.infer<typeof RemedySchema>;

/** Shards with the same fault and the same remedy. */
export const ShardFindingSchema = z.object({
  fault: z.enum(SHARD_FAULTS),
  ranges: z.array(ShardRangeSchema).min(1).max(16_384),
  shardCount: z.number().int().min(1),
  /** Who serves them, or was the last to: then it does not answer. */
  ownerNodeId: IdSchema.nullable(),
  /** Who has keys of them, by its own count; summed over these shards. */
  holders: z.array(HoldingKeysSchema).max(1_000),
  marks: z.array(MoveMarkSchema).max(1_000),
  message: z.string().max(500),
  /** `null`: refused. */
  remedy: RemedySchema.nullable(),
  refusal: RefusalSchema.nullable(),
  /** What speaks against the remedy all the same: it is carried out only on shards that are named. `null`: nothing. */
  caution: z.string().max(500).nullable(),
  /** What is done instead of refusing when the loss is accepted by a typed name. */
  remedyWithLoss: RemedySchema.nullable(),
  /** What would be lost by that: everything of these shards that only these nodes have. `keyCount`: what they had in all when they last answered. */
  loss: z.object({ nodeIds: z.array(IdSchema).min(1).max(1_000), keyCount: QuantitySchema, message: z.string().max(500) }).nullable(),
}).meta({ id: 'ShardFinding' });
export type ShardFinding = z.infer<typeof ShardFindingSchema>;

/** What is wrong with which shards by the nodes' own word, and what would be done. Nothing was changed. */
export const MendPreviewSchema = z.object({
  lookedAtMs: TimestampMsSchema,
  /** Names exactly these findings and remedies: who orders them sends it back. */
  fingerprint: z.string().min(1).max(64),
  findings: z.array(ShardFindingSchema).max(16_384),
  /** Why nothing at all may be begun now; empty = it may. */
  refusals: z.array(RefusalSchema).max(100),
}).meta({ id: 'MendPreview' });
export type MendPreview = z.infer<typeof MendPreviewSchema>;

export const MendRequestSchema = z.object({
  /** Of the preview that was looked at; another one stored is a 409 with what is found now. */
  fingerprint: z.string().min(1).max(64),
  /** Only these; absent: everything that has a remedy and no caution. */
  shardIds: z.array(ShardIdSchema).min(1).max(16_384).optional(),
  /** Carry out `remedyWithLoss` as well. Needs the typed name. */
  acceptLoss: z.boolean().default(false),
  /** The name of the cluster, or of the one node that is gone. */
  confirmName: z.string().min(1).max(255).optional(),
});
export type MendRequest = z.infer<typeof MendRequestSchema>;

/** What came of a step of mending. */
export const MendResultSchema = z.object({
  shardsMended: CountSchema,
  keysMoved: CountSchema,
  /** Keys that two nodes have with different values: both stay, and so do the marks of their shards. */
  keysKept: CountSchema,
  /** The first shards with such keys. */
  keptShardIds: z.array(ShardIdSchema).max(100),
  /** Names one of them and both nodes. */
  keptExample: z.string().max(500).nullable(),
}).meta({ id: 'MendResult' });
export type MendResult = z.infer<typeof MendResultSchema>;

/** What an operation that mends shards is to do: one step for each of its stages of that kind, in their order. */
export const MendingSchema = z.object({
  steps: z.array(z.object({
    fault: z.enum(SHARD_FAULTS),
    ranges: z.array(ShardRangeSchema).min(1).max(16_384),
    shardCount: z.number().int().min(1),
    remedy: RemedySchema,
    /** Gone nodes whose keys were given up. */
    lostNodeIds: z.array(IdSchema).max(1_000),
    result: MendResultSchema.nullable(),
  })).min(1).max(MEND_STEPS_MAX),
}).meta({ id: 'Mending' });
export type Mending = z.infer<typeof MendingSchema>;
export type MendStep = Mending['steps'][number];
