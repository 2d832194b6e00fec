import { PLAN_DEFAULTS, type Plan, type PlanStep, type WhatIf } from '@/lib/contract/plan';
import type { Imbalance, NodeHolding } from '@/lib/contract/imbalance';
import { CLUSTER_ID, START_MS } from '@/tests/unit/client/live-fixtures';

/** Contract-typed plans over two nodes; by default what plans of earlier versions look like. */
const EVEN: Imbalance = { cpu: 0.02, memory: null, disk: null, network: null, operations: 0.02, data: 0.02, shards: 0, primaries: 0 };

function holdingOf(nodeId: string, dataBytes: number): NodeHolding {
  return { nodeId, shards: 2, primaries: 2, dataBytes, keyCount: null, operationsPerSecond: 100, cpuCores: 1, networkBytesPerSecond: null };
}

export function moveOf(shardId: number, bytes: number | null, ends = { sourceNodeId: 'node-1', targetNodeId: 'node-2' }): PlanStep {
  return {
    kind: 'move', shardId, role: 'primary', ...ends, bytes, keyCount: null,
    reason: { code: 'evens-load', dimension: 'cpu', sourceBefore: 4, sourceAfter: 3, targetBefore: 0, targetAfter: 1 },
  };
}

export function planOf(change: Partial<Plan> = {}): Plan {
  return {
    id: 'plan_abc123', clusterId: CLUSTER_ID, createdAtMs: START_MS, expiresAtMs: START_MS + 900_000, createdBy: { kind: 'operator', name: 'ada' }, status: 'proposed',
    strategy: 'optimal', scope: { kind: 'cluster' }, threshold: 0.1, seed: 1, revision: 1, epoch: 1, steps: [],
    before: { imbalance: { ...EVEN, cpu: 1.2, data: 0.8 }, score: 1.2, holdings: [holdingOf('node-1', 4_096), holdingOf('node-2', 0)] },
    after: { imbalance: EVEN, score: 0.02, holdings: [holdingOf('node-1', 2_048), holdingOf('node-2', 2_048)] },
    bytes: 0, keyCount: 0, estimatedSeconds: { low: 60, high: 120 },
    verdict: { code: 'improves', message: 'It brings the worst imbalance from 1.20 (cpu) to 0.02 (cpu).', numbers: {} },
    refusals: [], risks: [], ...PLAN_DEFAULTS, ...change,
  };
}

export function whatIfOf(change: Partial<Plan> = {}): WhatIf {
  const plan = planOf(change);
  return { ...plan, stepCount: plan.steps.length };
}
