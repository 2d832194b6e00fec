import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import type { AssignmentModel } from '@/lib/core/rebalance/optimiser/assignment-model';
import type { WorkerInput, WorkerReport } from './worker';

export interface SolveInput {
  readonly model: AssignmentModel;
  readonly seed: number;
  readonly threads: number;
  /** On the clock of `sinceStartMs`; everything is over by then, the writing down included. */
  readonly deadlineMs: number;
  readonly sinceStartMs: () => number;
  readonly startCost: number;
  readonly onImprovement: (cost: number) => void;
  readonly say: (text: string) => void;
}

/** What stopping the threads, the last evaluation and the exit take. */
const RESERVE_MS = 350;
const RESERVE_MS_PER_ITEM = 0.008;
const SAID_EVERY_MS = 5_000;

/** Searches on all threads until the deadline; the threads pass on to each other what they find. */
export async function solve(input: SolveInput): Promise<{ assignment: Int32Array; iterations: number }> {
  const { model, seed, threads, sinceStartMs } = input;
  const program = await bundledWorker();
  const endMs = input.deadlineMs - RESERVE_MS - RESERVE_MS_PER_ITEM * model.itemCount;
  const leftMs = endMs - sinceStartMs();
  const best = { assignment: model.initial, cost: input.startCost };
  if (leftMs <= 0) return { assignment: best.assignment, iterations: 0 };

  const shared = sharedModel(model);
  const iterations = new Array<number>(threads).fill(0);
  let saidAtMs = sinceStartMs();
  const workers = Array.from({ length: threads }, (_, thread) => {
    const workerData: WorkerInput = { model: shared, seed: seed * 1_000 + thread, temper: thread % 2 === 0 ? 'homeward' : 'wandering', endEpochMs: Date.now() + leftMs };
    return new Worker(program, { eval: true, execArgv: [], workerData });
  });
  const runs = workers.map(async (worker, thread) => {
    worker.on('message', (report: WorkerReport) => {
      iterations[thread] = report.iterations;
      if (report.cost < best.cost) {
        best.cost = report.cost;
        best.assignment = report.assignment;
        input.onImprovement(report.cost);
        for (const other of workers) if (other !== worker) other.postMessage(report);
      }
      if (sinceStartMs() - saidAtMs < SAID_EVERY_MS) return;
      saidAtMs = sinceStartMs();
      input.say(`${(saidAtMs / 1_000).toFixed(1)} s, ${iterations.reduce((a, b) => a + b, 0)} evaluations, ${best.cost}`);
    });
    await once(worker, 'exit');
  });
  await Promise.all(runs);
  return { assignment: best.assignment, iterations: iterations.reduce((a, b) => a + b, 0) };
}

/** A worker thread does not inherit the loader for TypeScript, so it gets its program in one piece. */
async function bundledWorker(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('./worker.ts', import.meta.url))],
    bundle: true, write: false, platform: 'node', format: 'cjs', target: 'node20', logLevel: 'error',
  });
  return outputFiles[0]!.text;
}

/** The same model in memory that threads share, instead of a copy for each. */
function sharedModel(model: AssignmentModel): AssignmentModel {
  const shared: Record<string, unknown> = { ...model };
  for (const [key, value] of Object.entries(model)) {
    if (value instanceof Float64Array) shared[key] = sharedCopy(new Float64Array(new SharedArrayBuffer(value.byteLength)), value);
    if (value instanceof Int32Array) shared[key] = sharedCopy(new Int32Array(new SharedArrayBuffer(value.byteLength)), value);
  }
  return { ...model, ...shared };
}

function sharedCopy<T extends Float64Array | Int32Array>(target: T, source: T): T {
  target.set(source);
  return target;
}
