import type { JoinRequest, Operation, OperationKind, Stage } from '@/lib/contract/operation';
import { UNKNOWN_LATENCY } from '@/lib/contract/report';
import type { Throttle } from '@/lib/contract/settings';
import type { CommandContext } from './commands';
import type { ManagerResources } from './manager-resources';

export interface StageShape {
  readonly kind: Stage['kind'];
  readonly nodeId?: string;
}

/** What makes an operation the one it is. */
export interface OperationShape {
  readonly kind: OperationKind;
  readonly stages: readonly StageShape[];
  readonly nodeId?: string | null;
  readonly nodeIds?: readonly string[];
  readonly planId?: string | null;
  readonly joins?: readonly JoinRequest[];
  readonly reverses?: string | null;
  /** What is at stake; given, it is an emergency. */
  readonly urgencyReason?: string | null;
  /** The operator has said that what only a dead node had may be lost. */
  readonly acceptsLoss?: boolean;
  readonly movesTotal?: number;
  readonly bytesTotal?: number;
}

/** An operation before it began, under the limits asked for or the cluster's own. */
export function newOperation(resources: ManagerResources, shape: OperationShape, asked: { readonly context: CommandContext; readonly throttle?: Throttle | undefined }): Operation {
  const nodeId = shape.nodeId ?? null;
  const urgencyReason = shape.urgencyReason ?? null;
  return {
    id: resources.nextId('operation'), clusterId: resources.clusterId, kind: shape.kind,
    nodeId, nodeIds: [...(shape.nodeIds ?? (nodeId === null ? [] : [nodeId]))],
    planId: shape.planId ?? null, joins: [...(shape.joins ?? [])],
    ...(shape.acceptsLoss === true && { acceptsLoss: true }),
    status: 'pending', statusReason: null,
    urgency: urgencyReason === null ? 'normal' : 'emergency', urgencyReason,
    queueRank: 0, queuePosition: null, preemptedBy: null, foreignChange: null, supersededByPlanId: null,
    reverses: shape.reverses ?? null, reversedBy: null,
    stages: shape.stages.map((stage) => ({ kind: stage.kind, nodeId: stage.nodeId ?? null, status: 'pending', message: null, startedAtMs: null, finishedAtMs: null })),
    throttle: asked.throttle ?? resources.model.settings.throttle,
    progress: {
      movesTotal: shape.movesTotal ?? 0, movesDone: 0, movesFailed: 0, movesInFlight: 0,
      bytesTotal: shape.bytesTotal ?? 0, bytesDone: 0, keysDone: 0, bytesPerSecond: null, movesPerSecond: null, secondsLeft: null,
    },
    createdBy: asked.context.actor, createdAtMs: Math.round(resources.clock.wallMs()), startedAtMs: null, finishedAtMs: null,
    refusals: [], movingMs: 0, latency: UNKNOWN_LATENCY, report: null, version: 1,
  };
}
