import { createRandom, shuffled, type Random } from '@/lib/platform/random';
import type { Instance } from '@/tests/bench/reassignment/instance';

export interface GeneratedShape {
  readonly machines: number;
  readonly services: number;
  /** Of one service, at most. */
  readonly processesMax: number;
  readonly resources: number;
}

/** A small instance with every kind of constraint, tight enough that they bite, and a start that holds all of them. */
export function generateInstance(seed: number, shape: GeneratedShape): { instance: Instance; initial: Int32Array } {
  const random = createRandom(seed);
  const { machines, services, resources } = shape;
  const neighbourhood = Int32Array.from({ length: machines }, () => random.integer(2));
  const location = Int32Array.from({ length: machines }, () => random.integer(3));
  const initial: number[] = [];
  const processService: number[] = [];
  const requirement: number[] = [];
  for (let service = 0; service < services; service += 1) {
    const places = shuffled(random, Array.from({ length: machines }, (_, m) => m)).slice(0, 1 + random.integer(Math.min(shape.processesMax, machines)));
    const common = Array.from({ length: resources }, () => random.integer(12));
    for (const place of places) {
      initial.push(place);
      processService.push(service);
      requirement.push(...(random.next() < 0.7 ? common : common.map(() => random.integer(12))));
    }
  }
  const processCount = initial.length;
  const usage = new Float64Array(machines * resources);
  for (let p = 0; p < processCount; p += 1) {
    for (let r = 0; r < resources; r += 1) usage[initial[p]! * resources + r]! += requirement[p * resources + r]!;
  }
  const capacity = usage.map((used) => used + random.integer(16));
  const placesOf = (service: number, place: Int32Array) => new Set(processService.flatMap((owner, p) => owner === service ? [place[initial[p]!]!] : []));
  return {
    initial: Int32Array.from(initial),
    instance: {
      resourceCount: resources,
      transient: Uint8Array.from({ length: resources }, () => random.integer(2)),
      loadWeight: Float64Array.from({ length: resources }, () => random.integer(4)),
      machineCount: machines, neighbourhood, location, capacity,
      safety: capacity.map((most) => Math.floor(most * random.next())),
      machineMoveCost: Float64Array.from({ length: machines * machines }, (_, at) => at % (machines + 1) === 0 ? 0 : random.integer(5)),
      serviceCount: services,
      spreadMin: Int32Array.from({ length: services }, (_, service) => random.integer(placesOf(service, location).size + 1)),
      ...dependenciesOf(random, services, (service) => placesOf(service, neighbourhood)),
      processCount, processService: Int32Array.from(processService), requirement: Float64Array.from(requirement),
      processMoveCost: Float64Array.from({ length: processCount }, () => random.integer(6)),
      balances: resources < 2 ? [] : [{ resource1: 0, resource2: 1, target: random.integer(4), weight: random.integer(3) }],
      processMoveWeight: random.integer(3), serviceMoveWeight: random.integer(8), machineMoveWeight: random.integer(3),
    },
  };
}

/** Some of the dependencies that hold at the start, of a service on itself too. */
function dependenciesOf(random: Random, services: number, hoodsOf: (service: number) => Set<number>) {
  const dependencyStart = new Int32Array(services + 1);
  const dependencies: number[] = [];
  for (let service = 0; service < services; service += 1) {
    for (let other = 0; other < services; other += 1) {
      if (random.next() < 0.3 && [...hoodsOf(service)].every((hood) => hoodsOf(other).has(hood))) dependencies.push(other);
    }
    dependencyStart[service + 1] = dependencies.length;
  }
  return { dependencyStart, dependencies: Int32Array.from(dependencies) };
}

/** Every assignment of the instance, best first in no order; only for very small ones. */
export function* everyAssignment({ processCount, machineCount }: Instance): Generator<Int32Array> {
  const assignment = new Int32Array(processCount);
  for (;;) {
    yield assignment;
    let p = 0;
    while (p < processCount && assignment[p] === machineCount - 1) assignment[p++] = 0;
    if (p === processCount) return;
    assignment[p]! += 1;
  }
}
