import type { PlanStep, Risk } from '@/lib/contract/plan';
import { isShortList, nextTurn } from '@/lib/platform/in-turns';
import type { ManagerResources } from './manager-resources';
import { restIfLarge } from './rest-if-large';

const FORESEE_TIMEOUT_MS = 10_000;
const RISKS_MAX = 200;

/** What the driver finds when it looks at the nodes before the first of these moves; a look that fails is a risk itself. */
export async function foreseenRisks({ driver, clock, model }: ManagerResources, steps: readonly PlanStep[]): Promise<readonly Risk[]> {
  const moves = steps.filter((step) => step.kind === 'move');
  if (driver.foresee === undefined || moves.length === 0) return [];
  // Looking takes a driver some milliseconds in one go, be it for many moves or among many nodes, which are not to be added to those of what made or checked the steps, nor of what follows.
  const rest = () => (isShortList(moves) ? restIfLarge(model.state) : nextTurn());
  await rest();
  const abort = new AbortController();
  const timer = clock.after(FORESEE_TIMEOUT_MS, () => { abort.abort(new Error('The look ahead took too long')); });
  const foreseen = await driver.foresee(moves, abort.signal);
  timer[Symbol.dispose]();
  await rest();
  if (foreseen.ok) return foreseen.value.slice(0, RISKS_MAX);
  return [{ code: 'not-inspected', severity: 'warning', message: `The nodes could not be looked at before the first move: ${foreseen.error.message}`.slice(0, 500), nodeId: null, shardId: null }];
}
