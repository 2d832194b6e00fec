import type { Store, StoreConflict, StoreWrite } from '@/lib/contract/storage';
import { MemoryStore } from '@/lib/persistence/memory-store';
import { err, type Result } from '@/lib/platform/result';

/** The store in memory, which a test can take away and give back as a database is: commits answer `unavailable`, reads reject. */
export class AbsentableStore extends MemoryStore {
  isAway = false;
  /** Commits are taken, plans and journals cannot be read. */
  isUnreadable = false;
  /** Given a commit that was just taken: is it the last one for now? */
  leavesAfter: (writes: readonly StoreWrite[]) => boolean = () => false;

  override async commit(writes: readonly StoreWrite[]): Promise<Result<void, StoreConflict>> {
    if (this.isAway) return err({ code: 'unavailable', message: 'The database is away', writeIndex: -1 });
    const committed = await super.commit(writes);
    if (committed.ok && this.leavesAfter(writes)) {
      this.isAway = true;
      this.leavesAfter = () => false;
    }
    return committed;
  }

  override plan(...asked: Parameters<Store['plan']>): ReturnType<Store['plan']> {
    return this.#read(() => super.plan(...asked));
  }

  override operation(...asked: Parameters<Store['operation']>): ReturnType<Store['operation']> {
    return this.#read(() => super.operation(...asked));
  }

  override moves(...asked: Parameters<Store['moves']>): ReturnType<Store['moves']> {
    return this.#read(() => super.moves(...asked));
  }

  #read<T>(read: () => Promise<T>): Promise<T> {
    return this.isAway || this.isUnreadable ? Promise.reject(new Error('The database is away')) : read();
  }
}
