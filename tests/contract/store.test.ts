import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { MemoryStore } from '@/lib/persistence/memory-store';
import { openDatabase } from '@/lib/persistence/open-database';
import type { Clock } from '@/lib/platform/clock';
import { VirtualClock } from '@/lib/platform/virtual-clock';
import { describeStoredAgents } from './store-agents-contract';
import { describeStore } from './store-contract';
import { describeStoreHistory } from './store-history-contract';
import { describeStoreModel } from './store-model';

const folder = mkdtempSync(join(tmpdir(), 'phantom-scale-store-'));
const template = join(folder, 'template.db');
let count = 0;

const open = async (path: string, clock: Clock) => {
  const opened = await openDatabase({ url: `file:${path}`, clock });
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value.store;
};
const openMemory = (clock: Clock) => Promise.resolve(new MemoryStore(clock));
const openFile = (clock: Clock) => {
  count += 1;
  const path = join(folder, `${count}.db`);
  copyFileSync(template, path);
  return open(path, clock);
};

// Migrated once and copied: the schema engine would take most of the time otherwise.
beforeAll(async () => { await (await open(template, new VirtualClock())).close(); });
afterAll(() => { rmSync(folder, { recursive: true }); });

describeStore('MemoryStore', openMemory);
describeStore('PrismaStore', openFile);
describeStoreHistory('MemoryStore', openMemory);
describeStoreHistory('PrismaStore', openFile);
describeStoredAgents('MemoryStore', openMemory);
describeStoredAgents('PrismaStore', openFile);
describeStoreModel({ openMemory, openFile });
