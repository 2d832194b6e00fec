// Writes the next migration: `node --import tsx scripts/create-migration.ts add-owner`.
// What leads from the migrations so far to prisma/schema.prisma goes into a folder of Prisma's own
// form. Read the SQL before it is committed; prisma/README.md says what to look for.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findMigrationsFolder } from '@/lib/persistence/migrations';
import { sqlOfNextMigration } from '@/lib/persistence/next-migration';

const name = process.argv[2] ?? '';
if (!/^[a-z][a-z0-9-]{0,60}$/.test(name)) {
  console.error('Usage: node --import tsx scripts/create-migration.ts <name>, the name in lower case with dashes');
  process.exit(2);
}
const folder = findMigrationsFolder();
const sql = await sqlOfNextMigration(join(folder, '..', 'schema.prisma'), folder);
if (sql === null) {
  console.log('The migrations already lead to this schema; nothing to write.');
} else {
  const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const target = join(folder, `${stamp}_${name.replaceAll('-', '_')}`);
  mkdirSync(target);
  writeFileSync(join(target, 'migration.sql'), sql);
  console.log(`Written: ${join(target, 'migration.sql')}`);
}
