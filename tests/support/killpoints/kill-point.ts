/**
 * An exact instant in the work of a manager. `step` is a move of the journal, a stage of a
 * saga, or one command of the move protocol (of Redis, or an order to an agent); the positions
 * around it are where a process can die with a different thing known to storage and to the cluster.
 */
export const COMMANDS = ['importing', 'migrating', 'migrate', 'owned-by-target', 'told-to-source', 'told-to-others'] as const;
/** Orders to agents of which a move, a transfer or a move that is called off consists. */
export const ORDERS = ['copyShard', 'verifyShard', 'commitShard', 'dropShard', 'setRole'] as const;
export const STAGES = ['join', 'cordon', 'plan', 'execute-plan', 'verify-empty', 'leave'] as const;
/** Stages that mend shards. */
export const MEND_STAGES = ['mend-shards', 'verify-mended'] as const;
/** Stages that a provisioner carries out; their intent and completion are the records of what it was asked for. */
export const SUPPLY_STAGES = ['provision', 'deprovision'] as const;
export const POSITIONS = ['before-intent', 'after-intent', 'after-effect', 'after-completion'] as const;
export const VICTIMS = ['manager', 'source', 'target'] as const;

export type Command = (typeof COMMANDS)[number];
export type Order = (typeof ORDERS)[number];
export type StageStep = (typeof STAGES)[number] | (typeof MEND_STAGES)[number] | (typeof SUPPLY_STAGES)[number];
/** `under-way`: the node has told something of an order, and nobody has heard it yet. */
export type Position = (typeof POSITIONS)[number] | 'under-way';
export type Victim = (typeof VICTIMS)[number];

export interface KillPoint {
  readonly step: 'move' | StageStep | Command | Order;
  /** Of a command or an order, which is an effect alone, `after-intent` is right before it is sent. */
  readonly position: Position;
  readonly victim: Victim;
  /** How many times the instant passes before: 0 = at the first. */
  readonly after: number;
}

/** What the manager's process is told by its environment. */
export interface KillOrder extends KillPoint {
  /** Who dies when it is not the manager itself. */
  readonly victimPid: number;
}

export function isCommand(step: KillPoint['step']): step is Command {
  return COMMANDS.some((command) => command === step);
}

export function isOrder(step: KillPoint['step']): step is Order {
  return ORDERS.some((order) => order === step);
}

export function nameOf({ step, position, victim }: KillPoint): string {
  return `${victim} dies ${position.replace('-', ' ')} of ${step}`;
}
