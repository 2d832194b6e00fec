/** What may happen next in a world, and what comes of it. */
export interface Step<World> {
  readonly label: string;
  readonly next: World;
}

export interface Model<World> {
  readonly initial: World;
  /** Everything that may happen now; nothing: the world has come to rest. */
  steps(world: World): readonly Step<World>[];
  /** Holds always. @returns what is broken, or null. */
  always(world: World): string | null;
  /** Holds when nothing more can happen. */
  atRest(world: World): string | null;
}

export interface Exploration {
  readonly states: number;
  readonly resting: number;
  /** The shortest course to a broken rule; null: none is broken. */
  readonly counterexample: { readonly broken: string; readonly course: readonly string[] } | null;
}

/**
 * Every world that can be reached, breadth first, so that a course to a broken rule is a
 * shortest one (explicit-state model checking, as in Holzmann's SPIN). Worlds are plain
 * data: two that print the same are the same.
 */
export function explore<World>(model: Model<World>, { statesMax }: { statesMax: number }): Exploration {
  const first = JSON.stringify(model.initial);
  const cameBy = new Map<string, { readonly from: string | null; readonly label: string }>([[first, { from: null, label: 'begin' }]]);
  const queue: string[] = [first];
  let resting = 0;
  const courseTo = (key: string) => {
    const course: string[] = [];
    for (let at = cameBy.get(key); at !== undefined; at = at.from === null ? undefined : cameBy.get(at.from)) course.unshift(at.label);
    return course;
  };
  for (let position = 0; position < queue.length; position += 1) {
    const key = queue[position]!;
    const world = JSON.parse(key) as World;
    const steps = model.steps(world);
    if (steps.length === 0) resting += 1;
    const broken = model.always(world) ?? (steps.length === 0 ? model.atRest(world) : null);
    if (broken !== null) return { states: queue.length, resting, counterexample: { broken, course: courseTo(key) } };
    for (const { label, next } of steps) {
      const reached = JSON.stringify(next);
      if (cameBy.has(reached)) continue;
      if (queue.length >= statesMax) throw new Error(`More than ${statesMax} states: the model is too large to be explored`);
      cameBy.set(reached, { from: key, label });
      queue.push(reached);
    }
  }
  return { states: queue.length, resting, counterexample: null };
}
