import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { ShardingSchema } from '@/lib/contract/sharding';
import { IdSchema } from '@/lib/contract/primitives';
import * as z from 'zod';

const EnrolledSchema = z.object({
  nodeId: IdSchema, clusterId: IdSchema, credential: z.string(), sharding: ShardingSchema, replicationFactor: z.number().int().min(1),
});

const RememberedSchema = z.object({
  /** What this node shows to other nodes. */
  peerKey: z.string().min(32),
  /** Starts of the process so far. */
  incarnation: z.number().int().min(0),
  /** The highest manager's epoch that was obeyed. */
  epoch: z.number().int().min(0),
  enrolled: EnrolledSchema.nullable(),
});
export type Remembered = z.infer<typeof RememberedSchema>;
export type Enrolled = z.infer<typeof EnrolledSchema>;

/** What an agent must not forget over a crash. Holds secrets. */
export interface AgentMemory {
  /** `null` at the very first start. */
  load(): Remembered | null;
  /** On disk when it returns. */
  save(remembered: Remembered): void;
}

/** Kept in one file that only its owner can read; replaced whole, so that a crash leaves the old or the new one. */
export function fileMemory(path: string): AgentMemory {
  return {
    load() {
      let text: string;
      try {
        text = readFileSync(path, 'utf8');
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
        throw error;
      }
      return RememberedSchema.parse(JSON.parse(text));
    },
    save(remembered) {
      mkdirSync(dirname(path), { recursive: true });
      const file = openSync(`${path}.new`, 'w', 0o600);
      writeSync(file, JSON.stringify(remembered));
      fsyncSync(file);
      closeSync(file);
      chmodSync(`${path}.new`, 0o600);
      renameSync(`${path}.new`, path);
      const folder = openSync(dirname(path), 'r');
      fsyncSync(folder);
      closeSync(folder);
    },
  };
}
