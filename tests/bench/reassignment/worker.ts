/** One thread of the search: steps until the clock says stop, and reports what it finds. */
import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';
import type { AssignmentModel } from '@/lib/core/rebalance/optimiser/assignment-model';
import { createOptimiser } from '@/lib/core/rebalance/optimiser/optimiser';
import type { Temper } from '@/lib/core/rebalance/optimiser/tempers';

export interface WorkerInput {
  readonly model: AssignmentModel;
  readonly seed: number;
  readonly temper: Temper;
  readonly endEpochMs: number;
}

export interface WorkerReport {
  readonly cost: number;
  readonly assignment: Int32Array;
  readonly iterations: number;
}

const STEP_WORK_UNITS = 5_000;
const REPORTED_EVERY_MS = 200;

function run({ model, seed, temper, endEpochMs }: WorkerInput, port: MessagePort): void {
  const startMs = Date.now();
  const created = createOptimiser(model, { seed, temper, workUnitsTotal: Infinity });
  if (!created.ok) throw new Error(created.error.message);
  const optimiser = created.value;
  let knownCost = optimiser.best().cost;
  let reportedAtMs = startMs;
  for (;;) {
    for (let received = receiveMessageOnPort(port); received !== undefined; received = receiveMessageOnPort(port)) {
      const found = received.message as WorkerReport;
      if (optimiser.offer(found)) knownCost = found.cost;
    }
    const nowMs = Date.now();
    const { cost, assignment } = optimiser.best();
    const isOver = nowMs >= endEpochMs;
    if (isOver || (cost < knownCost && nowMs - reportedAtMs >= REPORTED_EVERY_MS)) {
      const report: WorkerReport = { cost, assignment: assignment.slice(), iterations: optimiser.iterations };
      port.postMessage(report);
      knownCost = cost;
      reportedAtMs = nowMs;
    }
    if (isOver || optimiser.step(STEP_WORK_UNITS, (nowMs - startMs) / (endEpochMs - startMs)) === 'done') return;
  }
}

if (parentPort !== null) run(workerData as WorkerInput, parentPort);
