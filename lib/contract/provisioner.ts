import * as z from 'zod';
import type { Result } from '@/lib/platform/result';
import { CountSchema, IdSchema, TimestampMsSchema } from './primitives';
import { PROVISIONER_KINDS } from './vocabulary';

export const ProvisionerKindSchema = z.enum(PROVISIONER_KINDS);
export type ProvisionerKind = z.infer<typeof ProvisionerKindSchema>;

/** Its name in the configuration file. */
export const ProvisionerNameSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'Lower case letters, digits and - only, at most 40');

/** Why a provisioner did not do what it was asked for. */
export const ProvisionerFailureSchema = z.object({
  /**
   * quota: nothing more is to be had now. refused: it will not, whatever the time. unavailable: it could not
   * be asked, or broke off. timeout: no answer in time. bad-answer: what came is not understood, too much, or
   * not signed as it must be. not-executable: the program is none. start-failed: the node ended at once.
   * interrupted: we stopped waiting.
   */
  code: z.enum(['quota', 'refused', 'unavailable', 'timeout', 'bad-answer', 'not-executable', 'start-failed', 'interrupted']),
  message: z.string().max(500),
  /** Is asking again in a while sensible? */
  retryable: z.boolean(),
}).meta({ id: 'ProvisionerFailure' });
export type ProvisionerFailure = z.infer<typeof ProvisionerFailureSchema>;

/** What is wanted: one node, once. Everything about it is decided before it is asked for. */
export interface ProvisionIntent {
  /** Names the node for as long as it exists; the same id is the same node. */
  readonly intentId: string;
  /** Failure domain; `null` leaves it to the provisioner. */
  readonly zone: string | null;
}

/** A node as its provisioner knows it. */
export const ProvisionedNodeSchema = z.object({
  intentId: IdSchema,
  /** starting: it is being made. ready: its process answers at `address`. stopped: it was made, and does not run. */
  state: z.enum(['starting', 'ready', 'stopped']),
  /** host:port where it joins the cluster; `null` while that is not known. */
  address: z.string().min(1).max(300).nullable(),
}).meta({ id: 'ProvisionedNode' });
export type ProvisionedNode = z.infer<typeof ProvisionedNodeSchema>;

/**
 * Creates and returns nodes for one cluster. It decides nothing and keeps no plan: what it
 * has made is read from out there, so that it is the same after a restart of the manager.
 * Expected failures are values; a rejected promise is a bug.
 *
 * tests/contract/provisioner-contract.ts is the suite that every provisioner passes.
 */
export interface NodeProvisioner {
  readonly kind: ProvisionerKind;
  readonly timing: ProvisionerTiming;

  /**
   * Makes the node of this intent, or finds the one that was made for it: however often it
   * is asked, whatever replies were lost, there is at most one (S7). May answer `starting`.
   * A node that has stopped is started again on what it had.
   */
  provision(intent: ProvisionIntent, signal: AbortSignal): Promise<Result<ProvisionedNode, ProvisionerFailure>>;

  /** The node of this intent as it is out there now; `null`: there is none, and nothing is on its way. */
  find(intentId: string, signal: AbortSignal): Promise<Result<ProvisionedNode | null, ProvisionerFailure>>;

  /** All nodes that were made for this cluster and not returned, in order of their intents. */
  list(signal: AbortSignal): Promise<Result<readonly ProvisionedNode[], ProvisionerFailure>>;

  /** Ends the node and gives back what it took; also one that is still on its way. Idempotent: one that is not there is returned. */
  deprovision(intentId: string, signal: AbortSignal): Promise<Result<null, ProvisionerFailure>>;

  /** Lets go of what it holds in this process. What it has made stays. */
  close(): Promise<void>;
}

export interface ProvisionerTiming {
  /** From the intent to an answering node, at most; then it is returned. */
  readonly readyWithinMs: number;
  /** Between two looks at a node that is starting. */
  readonly pollMs: number;
}

/**
 * One node that was asked for: stored before the provisioner is called and with every
 * answer. It ends when the node was returned.
 */
export const ProvisionRecordSchema = z.object({
  intentId: IdSchema,
  clusterId: IdSchema,
  /** Which provisioner was asked; another one that is chosen later does not take it over. */
  provisioner: ProvisionerNameSchema,
  operationId: IdSchema,
  zone: z.string().max(128).nullable(),
  /** asked: it may exist. ready: it answers at `address`. joined: a member. returning: to be given back. */
  status: z.enum(['asked', 'ready', 'joined', 'returning']),
  address: z.string().min(1).max(300).nullable(),
  /** Once it has joined; kept when it has left, until it is returned. */
  nodeId: IdSchema.nullable(),
  askedAtMs: TimestampMsSchema,
  /** Why it is to be given back. */
  reason: z.string().max(500).nullable(),
}).meta({ id: 'ProvisionRecord' });
export type ProvisionRecord = z.infer<typeof ProvisionRecordSchema>;

/** A provisioner that a cluster may have. */
export const ProvisionerOfferSchema = z.object({
  name: ProvisionerNameSchema,
  kind: ProvisionerKindSchema,
  /** In words, what it makes nodes from; no secrets and no paths. */
  about: z.string().max(300),
}).meta({ id: 'ProvisionerOffer' });
export type ProvisionerOffer = z.infer<typeof ProvisionerOfferSchema>;

const RecentFailureSchema = ProvisionerFailureSchema.extend({ atMs: TimestampMsSchema });

/** An intent as it is shown: what is stored, and how its tries go. */
export const ProvisionViewSchema = ProvisionRecordSchema.omit({ clusterId: true }).extend({
  attempts: CountSchema,
  /** `null`: it is being tried, or waits for nothing. */
  nextTryAtMs: TimestampMsSchema.nullable(),
  lastFailure: RecentFailureSchema.nullable(),
}).meta({ id: 'Provision' });

/** Something about the nodes of a provisioner that a person should know. */
export const ProvisionFindingSchema = z.object({
  /**
   * not-returned: giving it back failed so far. still-member: it is to be given back, and is a member. not-member: it
   * was one and is none any more, though nobody here let it go; it is left running. late: it
   * came after its operation had ended, and is given back. stranger: the provisioner has it, and nobody here
   * asked for it. failing: the last call failed. unknown-provisioner: the one that made it is not configured any more.
   */
  code: z.enum(['not-returned', 'still-member', 'not-member', 'late', 'stranger', 'failing', 'unknown-provisioner']),
  intentId: IdSchema.nullable(),
  message: z.string().max(500),
}).meta({ id: 'ProvisionFinding' });
export type ProvisionFinding = z.infer<typeof ProvisionFindingSchema>;

export const ProvisioningSchema = z.object({
  /** In force; `null`: nodes join by their addresses alone. */
  provisioner: ProvisionerOfferSchema.nullable(),
  /** As the settings say; `null` = the one that comes with the kind of cluster, where there is one. */
  chosen: ProvisionerNameSchema.nullable(),
  /** What the settings may choose. */
  offered: z.array(ProvisionerOfferSchema),
  /** Until then automation asks for nothing more, after `failures` in a row. */
  restingUntilMs: TimestampMsSchema.nullable(),
  failures: CountSchema,
  lastFailure: RecentFailureSchema.nullable(),
  /** Oldest first; members included. */
  provisions: z.array(ProvisionViewSchema),
  findings: z.array(ProvisionFindingSchema).max(200),
}).meta({ id: 'Provisioning' });
export type Provisioning = z.infer<typeof ProvisioningSchema>;
