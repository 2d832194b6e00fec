/** Every policy of a cluster with the generations it had, as they came out of storage. */
import * as z from 'zod';
import { ActorSchema, TimestampMsSchema } from '@/lib/contract/primitives';
import { ACTIVE_ROLE, type PolicyProblem, type PolicyVersion } from '@/lib/contract/scaling-view';
import type { StoredScalingPolicy } from '@/lib/contract/storage';
import { readStoredPolicy } from '@/lib/core/scaling/stored-policy';

const EnvelopeSchema = z.object({ savedAtMs: TimestampMsSchema, savedBy: ActorSchema, policy: z.unknown() });

interface Shelf {
  /** Newest first. */
  readonly versions: readonly PolicyVersion[];
  readonly problems: readonly PolicyProblem[];
  readonly generation: number;
}

const EMPTY: Shelf = { versions: [], problems: [], generation: 0 };

export class PolicyBook {
  readonly #shelves = new Map<string, Map<string, Shelf>>();

  constructor(stored: readonly StoredScalingPolicy[]) {
    for (const one of [...stored].sort((a, b) => a.generation - b.generation)) this.#add(one);
  }

  shelf(pool: string, role: string): Shelf {
    return this.#shelves.get(pool)?.get(role) ?? EMPTY;
  }

  /** In force: the newest that can be read. */
  current(pool: string, role: string): PolicyVersion | null {
    return this.shelf(pool, role).versions[0] ?? null;
  }

  shadows(pool: string): readonly PolicyVersion[] {
    return [...(this.#shelves.get(pool)?.keys() ?? [])].filter((role) => role !== ACTIVE_ROLE).sort().flatMap((role) => this.current(pool, role) ?? []);
  }

  put(pool: string, version: PolicyVersion): void {
    const shelf = this.shelf(pool, version.role);
    this.#set(pool, version.role, { ...shelf, versions: [version, ...shelf.versions], generation: version.generation });
  }

  remove(pool: string, role: string): void {
    this.#shelves.get(pool)?.delete(role);
  }

  #add({ pool, role, generation, document }: StoredScalingPolicy): void {
    const shelf = this.shelf(pool, role);
    const envelope = EnvelopeSchema.safeParse(document);
    const policy = envelope.success ? readStoredPolicy(envelope.data.policy) : readStoredPolicy(null);
    if (envelope.success && policy.ok) {
      const { savedAtMs, savedBy } = envelope.data;
      this.#set(pool, role, { ...shelf, versions: [{ role, generation, savedAtMs, savedBy, policy: policy.value }, ...shelf.versions], generation });
    } else if (!policy.ok) {
      this.#set(pool, role, { ...shelf, problems: [{ role, generation, message: policy.error.message, errors: [...policy.error.errors] }, ...shelf.problems], generation });
    }
  }

  #set(pool: string, role: string, shelf: Shelf): void {
    const shelves = this.#shelves.get(pool) ?? new Map<string, Shelf>();
    shelves.set(role, shelf);
    this.#shelves.set(pool, shelves);
  }
}
