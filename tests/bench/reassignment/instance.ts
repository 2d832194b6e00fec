import { InstanceFault, IntegerReader } from './integer-reader';

/** A machine-reassignment instance as its file says it, in the file's own words. */
export interface Instance {
  readonly resourceCount: number;
  readonly transient: Uint8Array;
  readonly loadWeight: Float64Array;

  readonly machineCount: number;
  readonly neighbourhood: Int32Array;
  readonly location: Int32Array;
  /** M x R. */
  readonly capacity: Float64Array;
  /** M x R. */
  readonly safety: Float64Array;
  /** M x M. */
  readonly machineMoveCost: Float64Array;

  readonly serviceCount: number;
  readonly spreadMin: Int32Array;
  /** S + 1 offsets into `dependencies`. */
  readonly dependencyStart: Int32Array;
  readonly dependencies: Int32Array;

  readonly processCount: number;
  readonly processService: Int32Array;
  /** P x R. */
  readonly requirement: Float64Array;
  readonly processMoveCost: Float64Array;

  readonly balances: readonly { readonly resource1: number; readonly resource2: number; readonly target: number; readonly weight: number }[];
  readonly processMoveWeight: number;
  readonly serviceMoveWeight: number;
  readonly machineMoveWeight: number;
}

const COUNT_MAX = 10_000_000;
const QUANTITY_MAX = Number.MAX_SAFE_INTEGER;
/** What can be held: 400 MB of numbers. */
const CELLS_MAX = 50_000_000;

/** Reads a model file. Throws InstanceFault where it is none. */
export function readInstance(bytes: Uint8Array, name: string): Instance {
  const reader = new IntegerReader(bytes, name);
  const quantity = (what: string) => reader.next(what, 0, QUANTITY_MAX);
  // Every entry takes two bytes at least, so that a count of nonsense is found before memory is asked for it.
  const countOf = (what: string, min = 0) => reader.next(what, min, Math.min(COUNT_MAX, bytes.length));
  const cells = (rows: number, columns: number, what: string) => {
    if (rows * columns > Math.min(CELLS_MAX, bytes.length)) throw new InstanceFault('truncated', `${name} is too short for ${rows} x ${columns} ${what}`);
    return new Float64Array(rows * columns);
  };

  const resourceCount = countOf('the number of resources', 1);
  const transient = new Uint8Array(resourceCount);
  const loadWeight = new Float64Array(resourceCount);
  for (let r = 0; r < resourceCount; r += 1) {
    transient[r] = reader.next('a transient flag', 0, 1);
    loadWeight[r] = quantity('a load weight');
  }

  const machineCount = countOf('the number of machines', 1);
  const neighbourhood = new Int32Array(machineCount);
  const location = new Int32Array(machineCount);
  const capacity = cells(machineCount, resourceCount, 'capacities');
  const safety = cells(machineCount, resourceCount, 'safety capacities');
  const machineMoveCost = cells(machineCount, machineCount, 'machine move costs');
  for (let m = 0; m < machineCount; m += 1) {
    neighbourhood[m] = reader.next('a neighbourhood', 0, COUNT_MAX);
    location[m] = reader.next('a location', 0, COUNT_MAX);
    for (let r = 0; r < resourceCount; r += 1) capacity[m * resourceCount + r] = quantity('a capacity');
    for (let r = 0; r < resourceCount; r += 1) safety[m * resourceCount + r] = quantity('a safety capacity');
    for (let to = 0; to < machineCount; to += 1) machineMoveCost[m * machineCount + to] = quantity('a machine move cost');
  }
  const services = readServices(reader, countOf('the number of services'));

  const processCount = countOf('the number of processes');
  const processService = new Int32Array(processCount);
  const requirement = cells(processCount, resourceCount, 'requirements');
  const processMoveCost = new Float64Array(processCount);
  for (let p = 0; p < processCount; p += 1) {
    processService[p] = reader.next('a service of a process', 0, services.serviceCount - 1);
    for (let r = 0; r < resourceCount; r += 1) requirement[p * resourceCount + r] = quantity('a requirement');
    processMoveCost[p] = quantity('a process move cost');
  }

  const balances = Array.from({ length: countOf('the number of balance objectives') }, () => ({
    resource1: reader.next('a balanced resource', 0, resourceCount - 1),
    resource2: reader.next('a balanced resource', 0, resourceCount - 1),
    target: quantity('a balance target'),
    weight: quantity('a balance weight'),
  }));
  const processMoveWeight = quantity('the process move weight');
  const serviceMoveWeight = quantity('the service move weight');
  const machineMoveWeight = quantity('the machine move weight');
  reader.finish();
  return {
    resourceCount, transient, loadWeight, machineCount, neighbourhood, location, capacity, safety, machineMoveCost,
    ...services, processCount, processService, requirement, processMoveCost, balances,
    processMoveWeight, serviceMoveWeight, machineMoveWeight,
  };
}

function readServices(reader: IntegerReader, serviceCount: number) {
  const spreadMin = new Int32Array(serviceCount);
  const dependencyStart = new Int32Array(serviceCount + 1);
  const dependencies: number[] = [];
  for (let s = 0; s < serviceCount; s += 1) {
    spreadMin[s] = reader.next('a minimal spread', 0, COUNT_MAX);
    const count = reader.next('a number of dependencies', 0, COUNT_MAX);
    for (let k = 0; k < count; k += 1) dependencies.push(reader.next('a service depended on', 0, serviceCount - 1));
    dependencyStart[s + 1] = dependencies.length;
  }
  return { serviceCount, spreadMin, dependencyStart, dependencies: Int32Array.from(dependencies) };
}

/** Reads an assignment file: the machine of every process. Throws InstanceFault. */
export function readAssignment(bytes: Uint8Array, name: string, instance: Instance): Int32Array {
  const reader = new IntegerReader(bytes, name);
  const assignment = new Int32Array(instance.processCount);
  for (let p = 0; p < assignment.length; p += 1) assignment[p] = reader.next(`the machine of process ${p}`, 0, instance.machineCount - 1);
  reader.finish();
  return assignment;
}
