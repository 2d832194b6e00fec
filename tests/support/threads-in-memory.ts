import type { ThreadPriorities } from '@/lib/platform/giving-way';

/** The threads of a process as a system keeps them: who is begun inherits, who has ended is gone, and up is a matter of permission. */
export class ThreadsInMemory implements ThreadPriorities {
  readonly mainId = 100;
  readonly threads = new Map<number, number>();
  /** Asked before each change. */
  refuses: (id: number, niceness: number, before: number) => boolean = () => false;
  /** Called as each change has been made. */
  afterwards: () => void = () => undefined;
  changes = 0;
  #nextId = 101;

  constructor(readonly place = 0) {
    this.threads.set(this.mainId, place);
    for (let index = 0; index < 8; index += 1) this.begin();
  }

  begin(by = this.mainId): number {
    this.threads.set(this.#nextId, this.threads.get(by)!);
    this.#nextId += 1;
    return this.#nextId - 1;
  }

  end(id: number): void {
    this.threads.delete(id);
  }

  ids(): readonly number[] {
    return [...this.threads.keys()];
  }

  niceness(id: number): number | null {
    return this.threads.get(id) ?? null;
  }

  setNiceness(id: number, niceness: number): 'set' | 'gone' | 'refused' {
    const before = this.threads.get(id);
    if (before === undefined) return 'gone';
    if (this.refuses(id, niceness, before)) return 'refused';
    this.threads.set(id, niceness);
    this.changes += 1;
    this.afterwards();
    return 'set';
  }

  /** Each niceness that some thread has. */
  all(): number[] {
    return [...new Set(this.threads.values())].sort((a, b) => a - b);
  }
}
