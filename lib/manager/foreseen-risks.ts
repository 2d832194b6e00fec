import type { PlanStep, Risk } from '@/lib/contract/plan';
import type { ManagerResources } from './manager-resources';

const FORESEE_TIMEOUT_MS = 10_000;
const RISKS_MAX = 200;

/** What the driver finds when it looks at the nodes before the first of these moves; a look that fails is a risk itself. */
export async function foreseenRisks({ driver, clock }: ManagerResources, steps: readonly PlanStep[]): Promise<readonly Risk[]> {
  const moves = steps.flatMap((step) => (step.kind === 'move'
    ? [{ shardId: step.shardId, role: step.role, sourceNodeId: step.sourceNodeId, targetNodeId: step.targetNodeId, bytes: step.bytes, keyCount: step.keyCount }]
    : []));
  if (driver.foresee === undefined || moves.length === 0) return [];
  const abort = new AbortController();
  const timer = clock.after(FORESEE_TIMEOUT_MS, () => { abort.abort(new Error('The look ahead took too long')); });
  const foreseen = await driver.foresee(moves, abort.signal);
  timer[Symbol.dispose]();
  if (foreseen.ok) return foreseen.value.slice(0, RISKS_MAX);
  return [{ code: 'not-inspected', severity: 'warning', message: `The nodes could not be looked at before the first move: ${foreseen.error.message}`.slice(0, 500), nodeId: null, shardId: null }];
}
