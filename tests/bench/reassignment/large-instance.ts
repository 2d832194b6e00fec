/**
 * Instances as large as the challenge's other sets, made up: the files themselves are not
 * ours to have. Every kind of constraint, and a start that holds all of them and is far
 * from even: the first machines have several times what the last ones have.
 */
import { createRandom, type Random } from '@/lib/platform/random';
import type { Instance } from './instance';

export interface LargeShape {
  readonly processes: number;
  readonly machines: number;
  readonly resources: number;
}

const LOCATIONS_MAX = 50;
const NEIGHBOURHOODS_MAX = 5;
/** Of one service, apart from a few with a hundred times as many. */
const PROCESSES_PER_SERVICE_MEAN = 2.5;
const LARGE_SERVICE_SHARE = 0.002;
/** How uneven the start is: machines are drawn as their number by a power above 1. */
const SKEW = 1.25;
const REQUIREMENT_MEAN = 1_000_000;
const DEPENDENCIES_MEAN = 2;
const MACHINE_MOVE_COST_MAX = 100_000;

/** The same shape and seed give the same instance. */
export function largeInstance(seed: number, shape: LargeShape): { readonly instance: Instance; readonly initial: Int32Array } {
  const random = createRandom(seed);
  const { machines, resources } = shape;
  const location = Int32Array.from({ length: machines }, () => random.integer(Math.min(LOCATIONS_MAX, machines)));
  const neighbourhood = Int32Array.from({ length: machines }, () => random.integer(Math.min(NEIGHBOURHOODS_MAX, machines)));
  const processes = placedProcesses(random, shape);
  const { processService, initial, requirement, serviceCount } = processes;
  const room = roomOf(random, shape, processes);
  const placesOf = placesByService(processService, initial, serviceCount);
  const seenFrom = (place: Int32Array) => placesOf.map((list) => new Set(list.map((machine) => place[machine]!)));
  const locations = seenFrom(location);
  return {
    initial,
    instance: {
      resourceCount: resources,
      transient: Uint8Array.from({ length: resources }, (_, r) => (r % 4 === 1 ? 1 : 0)),
      loadWeight: Float64Array.from({ length: resources }, () => 1 + random.integer(10)),
      machineCount: machines, neighbourhood, location, ...room,
      machineMoveCost: Float64Array.from({ length: machines * machines }, (_, at) => (at % (machines + 1) === 0 ? 0 : random.integer(MACHINE_MOVE_COST_MAX))),
      serviceCount,
      spreadMin: Int32Array.from(locations, (set) => 1 + random.integer(set.size)),
      ...dependenciesThatHold(random, seenFrom(neighbourhood)),
      processCount: initial.length, processService, requirement,
      processMoveCost: Float64Array.from({ length: initial.length }, () => 1 + random.integer(1_000)),
      balances: resources < 2 ? [] : [{ resource1: 0, resource2: 1, target: 2, weight: 10 }],
      processMoveWeight: 1, serviceMoveWeight: 10, machineMoveWeight: 1,
    },
  };
}

interface Processes {
  readonly serviceCount: number;
  readonly processService: Int32Array;
  readonly initial: Int32Array;
  readonly requirement: Float64Array;
}

/** No two of a service on one machine. */
function placedProcesses(random: Random, { processes, machines, resources }: LargeShape): Processes {
  const processService = new Int32Array(processes);
  const initial = new Int32Array(processes);
  const requirement = new Float64Array(processes * resources);
  let serviceCount = 0;
  for (let p = 0; p < processes; serviceCount += 1) {
    const wanted = Math.ceil(random.exponential(PROCESSES_PER_SERVICE_MEAN) * (random.next() < LARGE_SERVICE_SHARE ? 100 : 1));
    const count = Math.min(wanted, Math.ceil(machines / 2), processes - p);
    const common = Array.from({ length: resources }, () => Math.ceil(random.exponential(REQUIREMENT_MEAN)));
    const used = new Set<number>();
    while (used.size < count) {
      const machine = Math.floor(machines * random.next() ** SKEW);
      if (used.has(machine)) continue;
      used.add(machine);
      processService[p] = serviceCount;
      initial[p] = machine;
      requirement.set(random.next() < 0.9 ? common : common.map((value) => Math.ceil(value * random.next())), p * resources);
      p += 1;
    }
  }
  return { serviceCount, processService, initial, requirement };
}

/** Capacities that hold what the start puts there, and lines at about the even share. */
function roomOf(random: Random, { machines, resources }: LargeShape, { initial, requirement }: Processes): Pick<Instance, 'capacity' | 'safety'> {
  const usage = new Float64Array(machines * resources);
  const total = new Float64Array(resources);
  initial.forEach((machine, p) => {
    for (let r = 0; r < resources; r += 1) {
      usage[machine * resources + r]! += requirement[p * resources + r]!;
      total[r]! += requirement[p * resources + r]!;
    }
  });
  const evenOf = (at: number) => total[at % resources]! / machines;
  return {
    capacity: usage.map((used, at) => Math.ceil(Math.max(used * 1.02, evenOf(at) * (1.1 + random.next() / 2)))),
    safety: usage.map((_, at) => Math.floor(evenOf(at) * (0.9 + random.next() / 5))),
  };
}

function placesByService(processService: Int32Array, initial: Int32Array, serviceCount: number): readonly number[][] {
  const places = Array.from({ length: serviceCount }, (): number[] => []);
  processService.forEach((service, p) => { places[service]!.push(initial[p]!); });
  return places;
}

/** Of services drawn at random, those that a service may depend on with the start as it is. */
function dependenciesThatHold(random: Random, hoods: readonly Set<number>[]): Pick<Instance, 'dependencyStart' | 'dependencies'> {
  const dependencyStart = new Int32Array(hoods.length + 1);
  const dependencies: number[] = [];
  hoods.forEach((own, service) => {
    const found = new Set<number>();
    for (let draw = random.integer(2 * DEPENDENCIES_MEAN + 1) * 4; draw > 0; draw -= 1) {
      const other = random.integer(hoods.length);
      if (other !== service && [...own].every((hood) => hoods[other]!.has(hood))) found.add(other);
    }
    dependencies.push(...found);
    dependencyStart[service + 1] = dependencies.length;
  });
  return { dependencyStart, dependencies: Int32Array.from(dependencies) };
}

/** The instance as its file says it, line by line. */
export function* modelLines(instance: Instance): Generator<string> {
  const { resourceCount, machineCount, serviceCount, processCount } = instance;
  yield `${resourceCount}`;
  for (let r = 0; r < resourceCount; r += 1) yield `${instance.transient[r]} ${instance.loadWeight[r]}`;
  yield `${machineCount}`;
  for (let m = 0; m < machineCount; m += 1) {
    yield [instance.neighbourhood[m], instance.location[m], ...rowOf(instance.capacity, m, resourceCount), ...rowOf(instance.safety, m, resourceCount), ...rowOf(instance.machineMoveCost, m, machineCount)].join(' ');
  }
  yield `${serviceCount}`;
  for (let s = 0; s < serviceCount; s += 1) {
    const on = instance.dependencies.subarray(instance.dependencyStart[s], instance.dependencyStart[s + 1]);
    yield [instance.spreadMin[s], on.length, ...on].join(' ');
  }
  yield `${processCount}`;
  for (let p = 0; p < processCount; p += 1) yield [instance.processService[p], ...rowOf(instance.requirement, p, resourceCount), instance.processMoveCost[p]].join(' ');
  yield `${instance.balances.length}`;
  for (const { resource1, resource2, target, weight } of instance.balances) yield `${resource1} ${resource2} ${target} ${weight}`;
  yield `${instance.processMoveWeight} ${instance.serviceMoveWeight} ${instance.machineMoveWeight}`;
}

function rowOf(table: Float64Array, row: number, width: number): Float64Array {
  return table.subarray(row * width, (row + 1) * width);
}
