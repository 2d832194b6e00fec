import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applyMigrations, findMigrationsFolder } from '@/lib/persistence/migrations';
import { sqlOfNextMigration } from '@/lib/persistence/next-migration';
import { PinnedLibSql } from '@/lib/persistence/pinned-libsql';
import { makeFolder } from '../../support/temporary-folder';

const FIRST = 'CREATE TABLE "Parent" ("id" INTEGER PRIMARY KEY);\nCREATE TABLE "Child" ("parentId" INTEGER NOT NULL REFERENCES "Parent" ("id") ON DELETE CASCADE);\n';

function migrationsFolder(migrations: Readonly<Record<string, string>>): string {
  const files = Object.entries(migrations).map(([name, sql]) => [`${name}/migration.sql`, sql] as const);
  return makeFolder({ 'migration_lock.toml': 'provider = "sqlite"\n', ...Object.fromEntries(files) });
}

function addMigration(folder: string, name: string, sql: string): void {
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, name, 'migration.sql'), sql);
}

async function query(path: string, sql: string): Promise<unknown[][]> {
  const connection = await new PinnedLibSql(path).connect();
  try {
    return (await connection.queryRaw({ sql, args: [], argTypes: [] })).rows;
  } finally {
    await connection.dispose();
  }
}

describe('the migrations of the project', () => {
  it('lead to prisma/schema.prisma, with nothing left to migrate', async () => {
    const folder = findMigrationsFolder();
    expect(await sqlOfNextMigration(join(folder, '..', 'schema.prisma'), folder)).toBeNull();
  });

  it('would notice a change of the schema', async () => {
    const schema = makeFolder({ 'schema.prisma': 'datasource db {\n  provider = "sqlite"\n}\nmodel Extra {\n  id Int @id\n}\n' });
    expect(await sqlOfNextMigration(join(schema, 'schema.prisma'), findMigrationsFolder())).toContain('CREATE TABLE "Extra"');
  });
});

describe('applyMigrations', () => {
  it('applies what is missing, in order, once', async () => {
    const path = join(makeFolder(), 'x.db');
    const folder = migrationsFolder({ '1_first': FIRST, '2_second': 'ALTER TABLE "Child" ADD COLUMN "note" TEXT;\nCREATE TABLE "Other" ("x" INT);' });
    expect(await applyMigrations(path, folder)).toEqual(['1_first', '2_second']);
    expect(await applyMigrations(path, folder)).toEqual([]);
    addMigration(folder, '3_third', 'DROP TABLE "Other";');
    expect(await applyMigrations(path, folder)).toEqual(['3_third']);
    expect(await query(path, `SELECT "migration_name", "finished_at" IS NOT NULL FROM "_prisma_migrations" ORDER BY 1`)).toEqual([['1_first', 1], ['2_second', 1], ['3_third', 1]]);
  });

  it('keeps the rows that refer to a table which is redefined the way Prisma does it', async () => {
    const path = join(makeFolder(), 'x.db');
    const folder = migrationsFolder({ '1_first': FIRST, '2_rows': 'INSERT INTO "Parent" VALUES (1);\nINSERT INTO "Child" VALUES (1);' });
    addMigration(folder, '3_redefine', [
      'PRAGMA defer_foreign_keys=ON;', 'PRAGMA foreign_keys=OFF;', 'CREATE TABLE "new_Parent" ("id" INTEGER PRIMARY KEY, "name" TEXT);',
      'INSERT INTO "new_Parent" ("id") SELECT "id" FROM "Parent";', 'DROP TABLE "Parent";', 'ALTER TABLE "new_Parent" RENAME TO "Parent";',
      'PRAGMA foreign_keys=ON;', 'PRAGMA defer_foreign_keys=OFF;',
    ].join('\n'));
    await applyMigrations(path, folder);
    expect(await query(path, 'SELECT count(*) FROM "Child"')).toEqual([[1]]);
  });

  it('leaves nothing of a migration that fails, and applies it when it has been mended', async () => {
    const path = join(makeFolder(), 'x.db');
    const folder = migrationsFolder({ '1_first': FIRST, '2_broken': 'CREATE TABLE "Half" ("x" INT);\nINSERT INTO "NoSuchTable" VALUES (1);' });
    await expect(applyMigrations(path, folder)).rejects.toMatchObject({ failure: { code: 'migration-failed', message: expect.stringContaining('NoSuchTable') as string } });
    expect(await query(path, `SELECT name FROM sqlite_master WHERE name = 'Half'`)).toEqual([]);
    addMigration(folder, '2_broken', 'CREATE TABLE "Half" ("x" INT);');
    expect(await applyMigrations(path, folder)).toEqual(['2_broken']);
  });

  it('goes on where a kill left the journal: begun, with or without its effect', async () => {
    const path = join(makeFolder(), 'x.db');
    const folder = migrationsFolder({ '1_first': FIRST });
    await applyMigrations(path, folder);
    addMigration(folder, '2_second', 'CREATE TABLE "Second" ("x" INT);');
    await query(path, `INSERT INTO "_prisma_migrations" ("id", "checksum", "migration_name", "started_at", "applied_steps_count") VALUES ('k', 'c', '2_second', '2026-01-01T00:00:00.000+00:00', 0)`);
    expect(await applyMigrations(path, folder)).toEqual(['2_second']);
    expect(await query(path, `SELECT name FROM sqlite_master WHERE name = 'Second'`)).toHaveLength(1);
  });

  it('refuses a migration that was edited after it was applied', async () => {
    const path = join(makeFolder(), 'x.db');
    const folder = migrationsFolder({ '1_first': FIRST });
    await applyMigrations(path, folder);
    addMigration(folder, '1_first', `${FIRST}-- edited\n`);
    await expect(applyMigrations(path, folder)).rejects.toMatchObject({ failure: { code: 'migration-failed', message: expect.stringContaining('1_first') as string } });
  });

  it('is found from a bundle beside the folder prisma as well as from the sources', () => {
    const root = makeFolder();
    cpSync(findMigrationsFolder(), join(root, 'prisma', 'migrations'), { recursive: true });
    mkdirSync(join(root, '.build'));
    expect(findMigrationsFolder(join(root, '.build'))).toBe(join(root, 'prisma', 'migrations'));
    expect(() => findMigrationsFolder(makeFolder())).toThrow('prisma/migrations is missing');
  });
});
