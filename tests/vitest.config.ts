import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const redisTests = 'tests/contract/**/*.redis.test.ts';
const agentTests = 'tests/contract/**/*.agents.test.ts';
const domTests = 'tests/unit/**/*.dom.test.tsx';

interface Project {
  name: string;
  include: string[];
  exclude?: string[];
  environment?: 'node' | 'happy-dom';
  setupFiles?: string[];
  globalSetup?: string[];
  fileParallelism?: boolean;
  testTimeout?: number;
  hookTimeout?: number;
}

// Several clusters at once on two cores starve each other into time-outs that mean nothing.
const realProcesses = {
  fileParallelism: false,
  testTimeout: 120_000,
  hookTimeout: 120_000,
};

const redisSetup = ['tests/support/redis-binary.ts'];

const projects: Project[] = [
  // Limits are for tests that hang; how fast something is, is for the benches to say.
  { name: 'unit', include: ['tests/unit/**/*.test.{ts,tsx}'], exclude: [domTests], testTimeout: 20_000 },
  { name: 'dom', include: [domTests], environment: 'happy-dom', setupFiles: ['tests/support/dom-setup.ts'], testTimeout: 20_000 },
  { name: 'architecture', include: ['tests/architecture/**/*.test.ts'], testTimeout: 60_000 },
  { name: 'contract', include: ['tests/contract/**/*.test.ts'], exclude: [redisTests, agentTests], testTimeout: 30_000 },
  // The long simulations (PS_SIM_LONG=1) are one test each.
  { name: 'simulation', include: ['tests/simulation/**/*.test.ts'], testTimeout: 300_000 },
  { name: 'contract-redis', include: [redisTests], globalSetup: redisSetup, ...realProcesses },
  { name: 'contract-agents', include: [agentTests], ...realProcesses },
  { name: 'killpoints', include: ['tests/killpoints/**/*.test.ts'], globalSetup: redisSetup, ...realProcesses },
  { name: 'integration', include: ['tests/integration/**/*.test.ts'], globalSetup: redisSetup, ...realProcesses },
];

export default defineConfig({
  root,
  resolve: { alias: { '@': root } },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    projects: projects.map((project) => ({ extends: true, root, test: project })),
  },
});
