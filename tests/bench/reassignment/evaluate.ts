import type { Instance } from './instance';

/** What an assignment costs and what it breaks, straight from the definition; shares no code with the optimiser. */
export interface Evaluation {
  readonly cost: number;
  readonly parts: {
    readonly load: number;
    readonly balance: number;
    readonly processMove: number;
    readonly serviceMove: number;
    readonly machineMove: number;
  };
  /** One sentence per broken constraint, at most 20; empty = feasible. */
  readonly violations: readonly string[];
}

const REPORTED_MAX = 20;

export function evaluate(instance: Instance, initial: Int32Array, assignment: Int32Array): Evaluation {
  const usage = usageOf(instance, assignment);
  const parts = {
    load: loadCost(instance, usage),
    balance: balanceCost(instance, usage),
    processMove: instance.processMoveWeight * processMoves(instance, initial, assignment),
    serviceMove: instance.serviceMoveWeight * serviceMoves(instance, initial, assignment),
    machineMove: instance.machineMoveWeight * machineMoves(instance, initial, assignment),
  };
  const cost = parts.load + parts.balance + parts.processMove + parts.serviceMove + parts.machineMove;
  const violations: string[] = [];
  for (const violation of violationsOf(instance, initial, assignment, usage)) {
    violations.push(violation);
    if (violations.length === REPORTED_MAX) break;
  }
  return { cost, parts, violations };
}

function usageOf({ processCount, machineCount, resourceCount, requirement }: Instance, assignment: Int32Array): Float64Array {
  const usage = new Float64Array(machineCount * resourceCount);
  for (let p = 0; p < processCount; p += 1) {
    for (let r = 0; r < resourceCount; r += 1) usage[assignment[p]! * resourceCount + r]! += requirement[p * resourceCount + r]!;
  }
  return usage;
}

function loadCost({ machineCount, resourceCount, safety, loadWeight }: Instance, usage: Float64Array): number {
  let cost = 0;
  for (let r = 0; r < resourceCount; r += 1) {
    let over = 0;
    for (let m = 0; m < machineCount; m += 1) over += Math.max(0, usage[m * resourceCount + r]! - safety[m * resourceCount + r]!);
    cost += loadWeight[r]! * over;
  }
  return cost;
}

function balanceCost({ machineCount, resourceCount, capacity, balances }: Instance, usage: Float64Array): number {
  let cost = 0;
  for (const { resource1, resource2, target, weight } of balances) {
    let missing = 0;
    for (let m = 0; m < machineCount; m += 1) {
      const free1 = capacity[m * resourceCount + resource1]! - usage[m * resourceCount + resource1]!;
      const free2 = capacity[m * resourceCount + resource2]! - usage[m * resourceCount + resource2]!;
      missing += Math.max(0, target * free1 - free2);
    }
    cost += weight * missing;
  }
  return cost;
}

function processMoves({ processCount, processMoveCost }: Instance, initial: Int32Array, assignment: Int32Array): number {
  let sum = 0;
  for (let p = 0; p < processCount; p += 1) if (assignment[p] !== initial[p]) sum += processMoveCost[p]!;
  return sum;
}

function serviceMoves({ processCount, serviceCount, processService }: Instance, initial: Int32Array, assignment: Int32Array): number {
  const moved = new Int32Array(serviceCount);
  for (let p = 0; p < processCount; p += 1) if (assignment[p] !== initial[p]) moved[processService[p]!]! += 1;
  return moved.reduce((most, count) => Math.max(most, count), 0);
}

function machineMoves({ processCount, machineCount, machineMoveCost }: Instance, initial: Int32Array, assignment: Int32Array): number {
  let sum = 0;
  for (let p = 0; p < processCount; p += 1) sum += machineMoveCost[initial[p]! * machineCount + assignment[p]!]!;
  return sum;
}

function* violationsOf(instance: Instance, initial: Int32Array, assignment: Int32Array, usage: Float64Array): Generator<string> {
  for (let p = 0; p < instance.processCount; p += 1) {
    if (!(assignment[p]! >= 0 && assignment[p]! < instance.machineCount)) yield `process ${p} is on machine ${assignment[p]!}, which does not exist`;
  }
  yield* capacityViolations(instance, initial, assignment, usage);
  yield* serviceViolations(instance, assignment);
}

function* capacityViolations(instance: Instance, initial: Int32Array, assignment: Int32Array, usage: Float64Array): Generator<string> {
  const { processCount, machineCount, resourceCount, transient, requirement, capacity } = instance;
  const taken = usage.slice();
  for (let p = 0; p < processCount; p += 1) {
    if (assignment[p] === initial[p]) continue;
    for (let r = 0; r < resourceCount; r += 1) {
      if (transient[r] === 1) taken[initial[p]! * resourceCount + r]! += requirement[p * resourceCount + r]!;
    }
  }
  for (let m = 0; m < machineCount; m += 1) {
    for (let r = 0; r < resourceCount; r += 1) {
      const at = m * resourceCount + r;
      if (taken[at]! > capacity[at]!) yield `machine ${m} has ${capacity[at]!} of resource ${r}, and ${taken[at]!} is taken`;
    }
  }
}

function* serviceViolations(instance: Instance, assignment: Int32Array): Generator<string> {
  const { processCount, serviceCount, processService, location, neighbourhood, spreadMin, dependencyStart, dependencies } = instance;
  const machines = Array.from({ length: serviceCount }, () => new Set<number>());
  const locations = Array.from({ length: serviceCount }, () => new Set<number>());
  const hoods = Array.from({ length: serviceCount }, () => new Set<number>());
  for (let p = 0; p < processCount; p += 1) {
    const service = processService[p]!;
    const machine = assignment[p]!;
    if (machines[service]!.has(machine)) yield `machine ${machine} holds two processes of service ${service}`;
    machines[service]!.add(machine);
    locations[service]!.add(location[machine]!);
    hoods[service]!.add(neighbourhood[machine]!);
  }
  for (let service = 0; service < serviceCount; service += 1) {
    if (locations[service]!.size < spreadMin[service]!) {
      yield `service ${service} lies in ${locations[service]!.size} locations of the ${spreadMin[service]!} that it needs`;
    }
    for (let k = dependencyStart[service]!; k < dependencyStart[service + 1]!; k += 1) {
      const needed = dependencies[k]!;
      for (const hood of hoods[service]!) {
        if (!hoods[needed]!.has(hood)) yield `service ${service} is in neighbourhood ${hood} without service ${needed}, which it depends on`;
      }
    }
  }
}
