/**
 * Gives the processor to the nodes of a cluster that share this machine, while shards move.
 *
 * On Linux every thread has a niceness of its own, and a process that is short of a core
 * gets it from those with a higher one. So while somebody holds a giving way, all threads
 * of this process stand `STEP` lower than where they belong, and go back afterwards. The
 * trade-off refused: a process that is always lower would answer slowly whenever the
 * machine is busy.
 *
 * A thread may always step down and not always up again (RLIMIT_NICE, CAP_SYS_NICE), so
 * that one is tried before the first time. What else has to be right at the end: threads
 * that began meanwhile inherited the lower place; others ended; somebody else (an operator's
 * renice) changed one, which is left as he wished; and threads that work behind the event
 * loop belong lower than it at all times.
 */

/** What it needs of the operating system, about the threads of this process. */
export interface ThreadPriorities {
  /** The thread of the event loop; its place is the process's own. */
  readonly mainId: number;
  ids(): readonly number[];
  /** -20 (first) to 19 (last); `null`: it has ended, or nobody can tell. */
  niceness(id: number): number | null;
  setNiceness(id: number, niceness: number): 'set' | 'gone' | 'refused';
}

export type GivingWayNews =
  | { readonly kind: 'giving-way'; readonly address: string; readonly niceness: number }
  /** Nothing is lowered from now on. */
  | { readonly kind: 'not-possible'; readonly why: string }
  /** Threads that the system did not let back; tried again at every occasion. */
  | { readonly kind: 'not-back'; readonly threads: number };

export interface GivingWayOptions {
  /** `null`: threads have no priority of their own here. */
  readonly threads: ThreadPriorities | null;
  /** Tells of a host, an address or a name, whether it is this machine as its network is now. */
  readonly ownHosts: () => (host: string) => boolean;
  /** Each kind is told once. */
  readonly told: (news: GivingWayNews) => void;
}

const STEP = 10;
/** For threads that work behind the event loop. */
const BEHIND = 10;
const NICENESS_MAX = 19;
/** Threads that begin while all are gone through are found by going again. */
const ROUNDS_MAX = 4;

const NOTHING: Disposable = { [Symbol.dispose]: () => undefined };

export class GivingWay implements Disposable {
  readonly #holders = new Set<Disposable>();
  /** Of all threads that stand lower: where each belongs. */
  readonly #places = new Map<number, number>();
  readonly #told = new Set<GivingWayNews['kind']>();
  #ability: 'untried' | 'able' | 'unable';

  constructor(private readonly options: GivingWayOptions) {
    this.#ability = options.threads === null ? 'unable' : 'untried';
  }

  /** One that never does; threads that work behind the event loop still step back. */
  static never(threads: ThreadPriorities | null = null): GivingWay {
    const never = new GivingWay({ threads, ownHosts: () => () => false, told: () => undefined });
    never.#ability = 'unable';
    return never;
  }

  /** From now until disposed, for nodes at these addresses (`host:port`), as far as one of them is here. Several may hold it at once. */
  giveWayTo(addresses: readonly string[]): Disposable {
    const { threads } = this.options;
    if (this.#ability === 'unable' && this.#places.size > 0 && this.#holders.size === 0) this.#putBack();
    if (threads === null || this.#ability === 'unable') return NOTHING;
    const isOwn = this.options.ownHosts();
    const address = addresses.find((each) => isOwn(hostOf(each)));
    if (address === undefined || !this.#isAble(threads)) return NOTHING;
    const holder: Disposable = {
      [Symbol.dispose]: () => {
        if (this.#holders.delete(holder) && this.#holders.size === 0) this.#putBack();
      },
    };
    this.#holders.add(holder);
    if (this.#holders.size === 1 && this.#lower(threads)) this.#tell({ kind: 'giving-way', address, niceness: threads.niceness(threads.mainId) ?? NICENESS_MAX });
    return holder;
  }

  /** This thread of ours works behind the event loop from now on: its place is `BEHIND` lower. */
  stepBack(id: number): void {
    const { threads } = this.options;
    const own = threads === null ? null : this.#places.get(threads.mainId) ?? threads.niceness(threads.mainId);
    if (threads === null || own === null) return;
    const place = Math.min(NICENESS_MAX, own + BEHIND);
    if (!this.#isLowered) threads.setNiceness(id, place);
    else if (threads.setNiceness(id, lowered(place)) === 'set') this.#places.set(id, place);
  }

  /** Runs what begins a process, which inherits the place of the thread that begins it: it gets ours, not the lower one. */
  atOwnPlace<T>(begin: () => T): T {
    const { threads } = this.options;
    const place = threads === null ? undefined : this.#places.get(threads.mainId);
    if (threads === null || place === undefined || !this.#isLowered) return begin();
    threads.setNiceness(threads.mainId, place);
    try {
      return begin();
    } finally {
      threads.setNiceness(threads.mainId, lowered(place));
    }
  }

  /** Everybody goes back, whoever still holds it. */
  [Symbol.dispose](): void {
    this.#holders.clear();
    this.#putBack();
  }

  get #isLowered(): boolean {
    return this.#holders.size > 0 && this.#ability === 'able';
  }

  /** May a thread come back that has stepped down? Tried on one of those that serve the runtime, from where the event loop is. */
  #isAble(threads: ThreadPriorities): boolean {
    if (this.#ability !== 'untried') return this.#ability === 'able';
    const why = obstacleOf(threads);
    if (why !== null) this.#renounce(why);
    else this.#ability = 'able';
    return why === null;
  }

  #lower(threads: ThreadPriorities): boolean {
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const fresh = threads.ids().filter((id) => !this.#places.has(id));
      // What began since the round before may have inherited the lower place already.
      const inherited = inheritedPlaces(this.#places, threads.mainId);
      for (const id of fresh) {
        const niceness = threads.niceness(id);
        if (niceness === null) continue;
        const place = inherited.get(niceness) ?? niceness;
        const done = inherited.has(niceness) ? 'set' : threads.setNiceness(id, lowered(place));
        if (done === 'set') this.#places.set(id, place);
        if (done !== 'refused') continue;
        this.#putBack();
        this.#renounce('the system refused to lower a thread');
        return false;
      }
      if (fresh.length === 0) break;
    }
    return true;
  }

  /** The event loop first: what begins from then on inherits the right place. */
  #putBack(): void {
    const { threads } = this.options;
    if (threads === null || this.#places.size === 0) return;
    const { mainId } = threads;
    const placeOf = inheritedPlaces(this.#places, mainId);
    const done = new Set<number>();
    let refused = 0;
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const ids = [mainId, ...threads.ids()].filter((id) => !done.has(id));
      for (const id of ids) {
        if (done.has(id)) continue;
        done.add(id);
        if (this.#back(threads, id, placeOf) === 'refused') refused += 1;
      }
      if (ids.length <= 1) break;
    }
    const alive = new Set(threads.ids());
    for (const id of this.#places.keys()) if (!alive.has(id)) this.#places.delete(id);
    if (refused === 0) return;
    this.#ability = 'unable';
    this.#tell({ kind: 'not-back', threads: refused });
  }

  #back(threads: ThreadPriorities, id: number, placeOf: ReadonlyMap<number, number>): 'done' | 'refused' {
    const niceness = threads.niceness(id);
    const known = this.#places.get(id);
    const place = known ?? (niceness === null ? undefined : placeOf.get(niceness));
    // Nothing of ours, or somebody else has changed it since.
    const isOurs = niceness !== null && place !== undefined && niceness === lowered(place);
    if (isOurs && niceness !== place && threads.setNiceness(id, place) === 'refused') {
      this.#places.set(id, place);
      return 'refused';
    }
    this.#places.delete(id);
    return 'done';
  }

  #renounce(why: string): void {
    this.#ability = 'unable';
    this.#tell({ kind: 'not-possible', why });
  }

  #tell(news: GivingWayNews): void {
    if (this.#told.has(news.kind)) return;
    this.#told.add(news.kind);
    this.options.told(news);
  }
}

function lowered(place: number): number {
  return Math.min(NICENESS_MAX, place + STEP);
}

/** Where a thread belongs that nobody has lowered and that stands at a niceness: where the one belongs that it has inherited it from. The event loop begins most. */
function inheritedPlaces(places: ReadonlyMap<number, number>, mainId: number): ReadonlyMap<number, number> {
  const main = places.get(mainId);
  const inherited = new Map([...places.values()].map((place) => [lowered(place), place]));
  return main === undefined ? inherited : inherited.set(lowered(main), main);
}

/** Why no thread that steps down could come back; `null` when one just did. */
function obstacleOf(threads: ThreadPriorities): string | null {
  const place = threads.niceness(threads.mainId);
  if (place === null) return 'the system does not tell the priority of threads';
  if (place >= NICENESS_MAX) return 'this process stands last already';
  for (const id of [...threads.ids()].reverse()) {
    if (id === threads.mainId || threads.niceness(id) !== place) continue;
    const down = threads.setNiceness(id, place + 1);
    if (down === 'gone') continue;
    if (down === 'refused' || threads.niceness(id) !== place + 1) return 'the system does not let a thread step down';
    const up = threads.setNiceness(id, place);
    if (up === 'gone') continue;
    return up === 'set' && threads.niceness(id) === place ? null : 'a thread that steps down may not come back (CAP_SYS_NICE or RLIMIT_NICE would allow it)';
  }
  return 'there is no thread to try it on';
}

/** Of `host:port`; an IPv6 host may stand in brackets. */
function hostOf(address: string): string {
  const colon = address.lastIndexOf(':');
  return (colon < 0 ? address : address.slice(0, colon)).replace(/^\[(.*)\]$/, '$1');
}
