/**
 * The optimiser on instances of the Google/ROADEF/EURO challenge 2012 (machine reassignment):
 * one JSON line per instance on stdout, progress on stderr. Without --model, every instance of
 * a folder: --data, MACHINE_REASSIGNMENT_DATA, or shared/data/machine-reassignment beside the
 * checkout or a few levels above it. `--generate 50000x1000x12 --data FOLDER` (processes,
 * machines, resources) makes up an instance of that size in the folder, for a run of its own.
 *
 * readMs: until the instance was read and its start evaluated; rssPeakMib: of the whole process. cost is counted by evaluate.ts from the definition, not by the optimiser. anytime: cost after
 * so many seconds, reading included; null beyond the time given. Exit code 1 = bad input, or an
 * assignment that breaks a constraint.
 */
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { lowerBound } from '@/lib/core/rebalance/optimiser/lower-bound';
import { evaluate } from './reassignment/evaluate';
import { readAssignment, readInstance } from './reassignment/instance';
import { InstanceFault } from './reassignment/integer-reader';
import { largeInstance, modelLines } from './reassignment/large-instance';
import { modelOf } from './reassignment/model-of';
import { solve } from './reassignment/solve';

interface Task {
  readonly name: string;
  readonly modelFile: string;
  readonly initialFile: string;
}

const USAGE = 'npm run bench -- reassignment [--model F --initial F] [--data FOLDER] [--seconds S] [--seed N] [--threads T] [--out FILE] [--generate PxMxR]';
const SHAPE = /^(\d{1,6})x(\d{1,4})x(\d{1,2})$/;
/** Of text that is written to a file in one go. */
const CHUNK_CHARACTERS = 1 << 20;
const ANYTIME_SECONDS = [1, 10, 60];
const LEVELS_UP = 4;

const say = (text: string) => process.stderr.write(`${text}\n`);

/** When the whole command began, where who started us says so: what npm and the set-up took counts too. */
const commandStartMs = Number(process.env['BENCH_STARTED_AT_MS'] ?? performance.timeOrigin);

function readOptions() {
  const { values } = parseArgs({
    options: {
      model: { type: 'string' }, initial: { type: 'string' }, data: { type: 'string' }, out: { type: 'string' }, generate: { type: 'string' },
      seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' }, threads: { type: 'string', default: '2' },
    },
  });
  const seconds = numberFrom(values.seconds, 'seconds', (value) => value > 0 && value <= 86_400);
  const seed = numberFrom(values.seed, 'seed', (value) => Number.isSafeInteger(value) && value >= 0);
  const threads = numberFrom(values.threads, 'threads', (value) => Number.isInteger(value) && value >= 1 && value <= 64);
  if (values.generate !== undefined) {
    generate(values.generate, seed, values.data);
    return null;
  }
  return { tasks: tasksOf(values), seconds, seed, threads, out: values.out };
}

/** Writes a made-up instance into the folder. */
function generate(text: string, seed: number, folder: string | undefined): void {
  const [, processes, machines, resources] = SHAPE.exec(text) ?? [];
  if (processes === undefined || folder === undefined) throw new InstanceFault('unreadable', '--generate takes PROCESSESxMACHINESxRESOURCES, and a folder with --data');
  const shape = { processes: Number(processes), machines: Number(machines), resources: Number(resources) };
  if (Object.values(shape).some((count) => count < 1)) throw new InstanceFault('out-of-range', `--generate ${text} makes no sense`);
  const { instance, initial } = largeInstance(seed, shape);
  mkdirSync(folder, { recursive: true });
  const name = `large_${text}_${seed}`;
  const file = openSync(join(folder, `model_${name}.txt`), 'w');
  let lines: string[] = [];
  let characters = 0;
  const flush = () => {
    writeSync(file, lines.join(''));
    lines = [];
    characters = 0;
  };
  for (const line of modelLines(instance)) {
    lines.push(`${line}\n`);
    characters += line.length;
    if (characters > CHUNK_CHARACTERS) flush();
  }
  flush();
  closeSync(file);
  writeFileSync(join(folder, `assignment_${name}.txt`), `${initial.join(' ')}\n`);
  say(`${join(folder, `model_${name}.txt`)} is written`);
}

function numberFrom(text: string, name: string, isValid: (value: number) => boolean): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!isValid(value)) throw new InstanceFault('out-of-range', `--${name} ${text} makes no sense`);
  return value;
}

function tasksOf(values: { model?: string; initial?: string; data?: string; out?: string }): Task[] {
  if (values.model !== undefined || values.initial !== undefined) {
    if (values.model === undefined || values.initial === undefined) throw new InstanceFault('unreadable', '--model and --initial go together');
    return [{ name: nameOf(values.model), modelFile: values.model, initialFile: values.initial }];
  }
  if (values.out !== undefined) throw new InstanceFault('unreadable', '--out is for one instance: name it with --model and --initial');
  const folder = values.data ?? process.env['MACHINE_REASSIGNMENT_DATA'] ?? nearestData();
  if (folder === undefined || !existsSync(folder)) throw new InstanceFault('unreadable', `There is no folder of instances${folder === undefined ? '' : ` ${folder}`}: name one with --data`);
  const tasks = readdirSync(folder).filter((file) => /^model_.+\.txt$/.test(file) && file !== 'model_toy.txt').sort()
    .map((file) => ({ name: nameOf(file), modelFile: join(folder, file), initialFile: join(folder, file.replace(/^model_/, 'assignment_')) }));
  if (tasks.length === 0) throw new InstanceFault('unreadable', `${folder} holds no model_*.txt`);
  return tasks;
}

function nearestData(): string | undefined {
  const candidates = Array.from({ length: LEVELS_UP }, (_, level) => resolve(...Array.from({ length: level + 1 }, () => '..'), 'shared', 'data', 'machine-reassignment'));
  return candidates.find((folder) => existsSync(folder));
}

function nameOf(modelFile: string): string {
  return basename(modelFile).replace(/^model_/, '').replace(/\.txt$/, '');
}

function bytesOf(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new InstanceFault('unreadable', `${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Returns whether what came out holds every constraint. */
async function run(task: Task, options: { seconds: number; seed: number; threads: number; out: string | undefined; startMs: number }): Promise<boolean> {
  const sinceStartMs = () => performance.timeOrigin + performance.now() - options.startMs;
  const instance = readInstance(bytesOf(task.modelFile), task.modelFile);
  const initial = readAssignment(bytesOf(task.initialFile), task.initialFile, instance);
  const start = evaluate(instance, initial, initial);
  if (start.violations.length > 0) throw new InstanceFault('infeasible', `${task.initialFile} is not feasible: ${start.violations.join('; ')}`);
  say(`${task.name}: ${instance.processCount} processes, ${instance.machineCount} machines, ${instance.resourceCount} resources, read in ${Math.round(sinceStartMs())} ms, costs ${start.cost}`);

  const readMs = Math.round(sinceStartMs());
  const model = modelOf(instance, initial);
  const trace = [{ atMs: sinceStartMs(), cost: start.cost }];
  const { assignment, iterations } = await solve({
    model, seed: options.seed, threads: options.threads, deadlineMs: options.seconds * 1_000, sinceStartMs, startCost: start.cost,
    onImprovement: (cost) => trace.push({ atMs: sinceStartMs(), cost }),
    say: (text) => say(`${task.name}: ${text}`),
  });
  const end = evaluate(instance, initial, assignment);
  if (options.out !== undefined) writeFileSync(options.out, `${assignment.join(' ')}\n`);
  for (const violation of end.violations) say(`${task.name}: ${violation}`);

  const bound = lowerBound(model).total;
  const costAt = (seconds: number) => trace.findLast(({ atMs }) => atMs <= seconds * 1_000)?.cost ?? start.cost;
  process.stdout.write(`${JSON.stringify({
    instance: task.name, initial: start.cost, cost: end.cost, lowerBound: bound,
    gapPercent: end.cost === 0 ? 0 : Number((100 * (end.cost - bound) / end.cost).toFixed(4)),
    feasible: end.violations.length === 0, seconds: Number((sinceStartMs() / 1_000).toFixed(2)), iterations,
    readMs, rssPeakMib: Math.round(process.resourceUsage().maxRSS / 1_024),
    anytime: { ...Object.fromEntries(ANYTIME_SECONDS.map((seconds) => [seconds, seconds <= options.seconds ? costAt(seconds) : null])), end: end.cost },
  })}\n`);
  return end.violations.length === 0;
}

async function main(): Promise<number> {
  try {
    const given = readOptions();
    if (given === null) return 0;
    const { tasks, ...options } = given;
    let allFeasible = true;
    for (const [index, task] of tasks.entries()) {
      const startMs = index === 0 ? commandStartMs : performance.timeOrigin + performance.now();
      if (!await run(task, { ...options, startMs })) allFeasible = false;
    }
    return allFeasible ? 0 : 1;
  } catch (fault) {
    if (fault instanceof InstanceFault) say(`${fault.code}: ${fault.message}`);
    else if (fault instanceof TypeError && 'code' in fault) say(`${fault.message}\n${USAGE}`);
    else throw fault;
    return 1;
  }
}

process.exitCode = await main();
