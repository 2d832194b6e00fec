import { join } from 'node:path';
import Database from 'libsql';
import * as z from 'zod';

const ShardRow = z.object({ id: z.number(), key_count: z.number(), document: z.string() });
const DocumentSchema = z.object({ role: z.string() });

/** On the disk of a reference node that has ended: every shard is a whole copy, and no row is left of another. Throws what it finds. */
export function expectCleanDisk(dataDir: string): void {
  const db = new Database(join(dataDir, 'node.db'), { readonly: true });
  try {
    const shards = z.array(ShardRow).parse(db.prepare('SELECT id, key_count, document FROM shards').all());
    for (const { id, key_count: keyCount, document } of shards) {
      const { role } = DocumentSchema.parse(JSON.parse(document));
      if (role !== 'primary' && role !== 'secondary') throw new Error(`${dataDir} has shard ${id} as ${role}`);
      const { rows } = z.object({ rows: z.number() }).parse(db.prepare('SELECT count(*) AS rows FROM rows WHERE shard = ? AND deleted = 0').get(id));
      if (rows !== keyCount) throw new Error(`${dataDir} has ${rows} keys of shard ${id} and counts ${keyCount}`);
    }
    const { strays } = z.object({ strays: z.number() }).parse(db.prepare('SELECT count(*) AS strays FROM rows WHERE shard NOT IN (SELECT id FROM shards)').get());
    if (strays > 0) throw new Error(`${dataDir} has ${strays} rows of shards that are not its own`);
  } finally {
    db.close();
  }
}
