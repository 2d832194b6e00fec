/**
 * How hard moves press the nodes, by what the nodes feel: additive increase while nothing
 * is hurt, multiplicative decrease when something is (AIMD; Chiu and Jain, "Analysis of
 * the increase and decrease algorithms for congestion avoidance", 1989). The operator's
 * throttle is the ceiling. Some harm is no matter of speed: while a follower falls far
 * behind, a target's memory passes its line or a node is suspect, nothing new starts;
 * when that clears, moves go on by themselves, from the lowest pressure.
 */
import type { NodeSample, PacingChange, PacingReason } from '@/lib/contract/pacing';
import type { Throttle } from '@/lib/contract/settings';

export interface PacingLimits {
  /** Batches (or single moves) in flight. */
  readonly movesInFlight: number;
  readonly batchBytes: number;
  readonly duty: number;
}

export interface PacingState {
  readonly limits: PacingLimits;
  readonly heldBy: PacingReason | null;
  /** Slowest median answer of the nodes before anything moved, ms; `null` until measured. */
  readonly idleLatencyMs: number | null;
  /** Looks in a row without harm, and with it. */
  readonly calm: number;
  readonly harmful: number;
}

/** What is known of the nodes involved at one time. */
export interface PacingInput {
  readonly samples: readonly NodeSample[];
  /** Nodes at either end of a move that are not alive. */
  readonly suspectNodeIds: readonly string[];
  readonly targetNodeIds: ReadonlySet<string>;
  readonly throttle: Throttle;
  /** Utilization of a target's memory above which nothing more is sent there, 0..1. */
  readonly memoryLine: number;
  readonly nowMs: number;
}

const BYTES = { first: 512 * 1024, least: 32 * 1024, most: 8 * 1024 * 1024, step: 256 * 1024 } as const;
const DUTY = { least: 0.15, most: 0.85, step: 0.05, base: 0.25, perMoveOfANode: 0.044 } as const;
const DECREASE = 0.7;
/** Looks without harm before anything grows. */
const CALM_LOOKS = 2;
/** And looks with harm before anything shrinks: one slow answer is a neighbour's, two are a pattern. */
const HARMFUL_LOOKS = 2;
/** An answer may take this many times what it took before, and never counts as harm below the floor: timers and neighbours cost as much. */
const LATENCY = { factor: 8, floorMs: 5 } as const;
const CPU_LINE = 0.95;
const ERRORS_PER_SECOND_LINE = 5;
const LAG_BYTES = { hold: 64 * 1024 * 1024, clear: 32 * 1024 * 1024 } as const;
/** A held target goes on only when it is this far under its line, so that it does not flutter. */
const MEMORY_CLEARANCE = 0.02;

/** The share of its time that a source may spend on sending, from how many moves the operator lets touch one node: careful presets leave more to clients. */
export function dutyMaxOf(throttle: Throttle): number {
  return Math.min(DUTY.most, DUTY.base + DUTY.perMoveOfANode * throttle.movesPerNodeMax);
}

export function beginPacing(throttle: Throttle, idle: readonly NodeSample[], nowMs: number): { state: PacingState; change: PacingChange } {
  const limits = { movesInFlight: throttle.movesInFlightMax, batchBytes: BYTES.first, duty: dutyMaxOf(throttle) };
  const idleLatencyMs = slowest(idle)?.latencyMs ?? null;
  const state: PacingState = { limits, heldBy: null, idleLatencyMs, calm: 0, harmful: 0 };
  return { state, change: changeOf(state, { code: 'begins', nodeId: null, numbers: idleLatencyMs === null ? {} : { idleLatencyMs } }, nowMs) };
}

/** The next limits. `change` is `null` when they stay. */
export function decidePacing(state: PacingState, input: PacingInput): { state: PacingState; change: PacingChange | null } {
  const hold = holdReason(input, state.heldBy);
  if (hold !== null) {
    const held: PacingState = { ...state, heldBy: hold, calm: 0, harmful: 0 };
    const isSame = state.heldBy?.code === hold.code && state.heldBy.nodeId === hold.nodeId;
    return { state: held, change: isSame ? null : changeOf(held, hold, input.nowMs) };
  }
  if (state.heldBy !== null) {
    const limits = { movesInFlight: Math.max(1, Math.ceil(input.throttle.movesInFlightMax / 4)), batchBytes: BYTES.least, duty: DUTY.least };
    const cleared: PacingState = { ...state, heldBy: null, limits, calm: 0 };
    return { state: cleared, change: changeOf(cleared, { code: 'cleared', nodeId: state.heldBy.nodeId, numbers: {} }, input.nowMs) };
  }
  const harm = harmReason(state, input);
  return harm === null ? increase(state, input) : decrease(state, harm, input);
}

function increase(state: PacingState, { throttle, nowMs }: PacingInput): { state: PacingState; change: PacingChange | null } {
  const calm = state.calm + 1;
  if (calm < CALM_LOOKS) return { state: { ...state, calm, harmful: 0 }, change: null };
  const { movesInFlight, batchBytes, duty } = state.limits;
  const limits: PacingLimits = {
    movesInFlight: Math.min(throttle.movesInFlightMax, movesInFlight + Math.max(1, Math.floor(throttle.movesInFlightMax / 16))),
    batchBytes: Math.min(BYTES.most, batchBytes + BYTES.step),
    duty: Math.min(dutyMaxOf(throttle), duty + DUTY.step),
  };
  return changed({ ...state, calm: 0, harmful: 0 }, limits, { code: 'room', nodeId: null, numbers: { calmLooks: calm } }, nowMs);
}

function decrease(state: PacingState, harm: PacingReason, { throttle, nowMs }: PacingInput): { state: PacingState; change: PacingChange | null } {
  const harmful = state.harmful + 1;
  if (harmful < HARMFUL_LOOKS) return { state: { ...state, calm: 0, harmful }, change: null };
  const { movesInFlight, batchBytes, duty } = state.limits;
  const limits: PacingLimits = {
    movesInFlight: Math.max(1, Math.min(throttle.movesInFlightMax, Math.floor(movesInFlight * DECREASE))),
    batchBytes: Math.max(BYTES.least, Math.floor(batchBytes * DECREASE)),
    duty: Math.max(DUTY.least, Math.min(dutyMaxOf(throttle), duty * DECREASE)),
  };
  return changed({ ...state, calm: 0, harmful: 0 }, limits, harm, nowMs);
}

/** The operator changed the throttle: the ceiling holds at once (M12). */
export function rethrottle(state: PacingState, throttle: Throttle, nowMs: number): { state: PacingState; change: PacingChange | null } {
  const limits = { ...state.limits, movesInFlight: throttle.movesInFlightMax, duty: dutyMaxOf(throttle) };
  return changed(state, limits, { code: 'throttle', nodeId: null, numbers: { movesInFlightMax: throttle.movesInFlightMax } }, nowMs);
}

function changed(state: PacingState, limits: PacingLimits, reason: PacingReason, nowMs: number): { state: PacingState; change: PacingChange | null } {
  const next = { ...state, limits };
  const isSame = limits.movesInFlight === state.limits.movesInFlight && limits.batchBytes === state.limits.batchBytes && limits.duty === state.limits.duty;
  return { state: next, change: isSame ? null : changeOf(next, reason, nowMs) };
}

function changeOf({ limits, heldBy }: PacingState, reason: PacingReason, nowMs: number): PacingChange {
  return {
    atMs: Math.round(nowMs), movesInFlight: heldBy === null ? limits.movesInFlight : 0, batchBytes: Math.round(limits.batchBytes),
    dutyPercent: Math.round(limits.duty * 100), reason,
  };
}

function holdReason({ samples, suspectNodeIds, targetNodeIds, memoryLine }: PacingInput, heldBy: PacingReason | null): PacingReason | null {
  const suspect = suspectNodeIds[0];
  if (suspect !== undefined) return { code: 'node-suspect', nodeId: suspect, numbers: { nodes: suspectNodeIds.length } };
  for (const sample of samples) {
    const isHeld = heldBy?.nodeId === sample.nodeId;
    const line = memoryLine - (isHeld && heldBy.code === 'memory' ? MEMORY_CLEARANCE : 0);
    if (targetNodeIds.has(sample.nodeId) && sample.memoryUtilization !== null && sample.memoryUtilization > line) {
      return { code: 'memory', nodeId: sample.nodeId, numbers: { utilization: sample.memoryUtilization, line: memoryLine } };
    }
    const lagLine = isHeld && heldBy.code === 'replication-lag' ? LAG_BYTES.clear : LAG_BYTES.hold;
    if (sample.replicationLagBytes !== null && sample.replicationLagBytes > lagLine) {
      return { code: 'replication-lag', nodeId: sample.nodeId, numbers: { lagBytes: sample.replicationLagBytes, lineBytes: LAG_BYTES.hold } };
    }
  }
  return null;
}

function harmReason({ idleLatencyMs }: PacingState, { samples }: PacingInput): PacingReason | null {
  const slow = slowest(samples);
  const lineMs = Math.max(LATENCY.floorMs, LATENCY.factor * (idleLatencyMs ?? 0));
  if (slow !== null && slow.latencyMs > lineMs) return { code: 'latency', nodeId: slow.nodeId, numbers: { latencyMs: slow.latencyMs, lineMs } };
  for (const { nodeId, errorsPerSecond, cpu } of samples) {
    if (errorsPerSecond !== null && errorsPerSecond > ERRORS_PER_SECOND_LINE) return { code: 'errors', nodeId, numbers: { errorsPerSecond, linePerSecond: ERRORS_PER_SECOND_LINE } };
    if (cpu !== null && cpu > CPU_LINE) return { code: 'cpu', nodeId, numbers: { cpu, line: CPU_LINE } };
  }
  return null;
}

function slowest(samples: readonly NodeSample[]): { nodeId: string; latencyMs: number } | null {
  let worst: { nodeId: string; latencyMs: number } | null = null;
  for (const { nodeId, latencyMs } of samples) {
    if (latencyMs !== null && (worst === null || latencyMs > worst.latencyMs)) worst = { nodeId, latencyMs };
  }
  return worst;
}
