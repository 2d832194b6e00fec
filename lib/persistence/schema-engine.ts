import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { bindMigrationAwareSqlAdapterFactory, type SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import type { SchemaEngine } from '@prisma/schema-engine-wasm';
import type * as Bindings from '@prisma/schema-engine-wasm/schema_engine_bg';

const PACKAGE = '@prisma/schema-engine-wasm';
/** Tells the engine which kind of database it has before it; migrations need no more of the schema. */
const DATASOURCE_ONLY = 'datasource db {\n  provider = "sqlite"\n}\n';

/** The bindings keep views into the memory of their instance, so there can be one instance in a process. */
let loading: Promise<typeof Bindings> | undefined;

/**
 * Prisma's schema engine as WebAssembly, working through our own connection: it makes and applies
 * migrations without the binary that `prisma migrate` would have to download. Costs about 0.2 s and
 * 100 MB, which stay until the process ends: start it only when there is a migration to make or
 * apply, and `free()` it afterwards.
 */
export async function startSchemaEngine(adapter: SqlMigrationAwareDriverAdapterFactory): Promise<SchemaEngine> {
  loading ??= loadBindings();
  const { SchemaEngine } = await loading;
  return SchemaEngine.new({ datamodels: [['schema.prisma', DATASOURCE_ONLY]] }, () => undefined, bindMigrationAwareSqlAdapterFactory(adapter));
}

/** The package's entry imports its .wasm file as a module, which Node 20 cannot; so it is compiled here and given to the bindings. */
async function loadBindings(): Promise<typeof Bindings> {
  const bindings = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const folder = dirname(createRequire(import.meta.url).resolve(PACKAGE));
  const module = await WebAssembly.compile(await readFile(join(folder, 'schema_engine_bg.wasm')));
  const instance = await WebAssembly.instantiate(module, { './schema_engine_bg.js': bindings as unknown as WebAssembly.ModuleImports });
  bindings.__wbg_set_wasm(instance.exports);
  (instance.exports['__wbindgen_start'] as () => void)();
  // Where the engine leaves its last words when it panics; without it a panic ends in a TypeError that says nothing.
  Reflect.set(globalThis, 'PRISMA_WASM_PANIC_REGISTRY', { set_message: (message: string) => { throw new Error(`Prisma's schema engine panicked: ${message}`); } });
  return bindings;
}
