import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import { migrationsListOf } from './migrations';
import { PinnedLibSql } from './pinned-libsql';
import { startSchemaEngine } from './schema-engine';

/**
 * The SQL that leads from the migrations in `folder` to the schema, in Prisma's own form; `null`
 * when they already say the same. The engine replays the migrations in memory; no database of
 * anybody is touched.
 */
export async function sqlOfNextMigration(schemaPath: string, folder: string): Promise<string | null> {
  const scratch = await mkdtemp(join(tmpdir(), 'phantom-scale-migration-'));
  try {
    const engine = await startSchemaEngine(new ReplayingLibSql(join(scratch, 'unused.db')));
    const { stdout } = await engine.diff({
      from: { tag: 'migrations', ...(await migrationsListOf(folder)) },
      to: { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content: await readFile(schemaPath, 'utf8') }] },
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    });
    engine.free();
    const sql = stdout ?? '';
    const statements = sql.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('--'));
    return statements.length === 0 ? null : sql;
  } finally {
    await rm(scratch, { recursive: true });
  }
}

class ReplayingLibSql extends PinnedLibSql {
  /**
   * The engine hands a whole migration to `executeRaw` of the shadow database, where libSQL runs
   * the first statement and drops the others; `executeScript` runs them all.
   */
  override async connectToShadowDb(): Promise<SqlDriverAdapter> {
    const connection = await super.connectToShadowDb();
    connection.executeRaw = async ({ sql }) => {
      await connection.executeScript(sql);
      return 0;
    };
    return connection;
  }
}
