/** What this process and its machine really use, as far as the system tells. What it does not tell is left out, never 0. */
import { readFileSync, statSync, statfsSync } from 'node:fs';
import { availableParallelism, freemem, loadavg, totalmem } from 'node:os';
import type { Clock } from '@/lib/platform/clock';

const WINDOW_MS_MIN = 500;
const SAMPLE_AGE_MS_MAX = 250;

export interface ResourceMetrics {
  readonly capacity: Record<string, number>;
  readonly usage: Record<string, number>;
  readonly machine: Record<string, number>;
}

export interface ProcessMetricsOptions {
  readonly clock: Clock;
  /** Files whose size is the node's own share of the disk; those that are not there count for nothing. */
  readonly dataFiles: readonly string[];
  /** Bytes that the node has sent and received so far. */
  readonly networkBytes: () => number;
}

/** Rates are means since the sample before, at least half a second. */
export class ProcessMetrics {
  #previous: { readonly atMs: number; readonly cpuMicros: number; readonly networkBytes: number; readonly machineCpu: readonly [number, number] | null; readonly machineBytes: number | null };
  #rates: { readonly cpu: number; readonly network: number; readonly machineCpu: number | null; readonly machineNetwork: number | null } = { cpu: 0, network: 0, machineCpu: null, machineNetwork: null };

  #sampled: { readonly atMs: number; readonly metrics: ResourceMetrics } | null = null;

  constructor(private readonly options: ProcessMetricsOptions) {
    this.#previous = this.#take();
  }

  /** As of the last quarter of a second: a beat asks once for itself and once for each shard. */
  sample(): ResourceMetrics {
    const nowMs = this.options.clock.monotonicMs();
    if (this.#sampled === null || nowMs - this.#sampled.atMs >= SAMPLE_AGE_MS_MAX) this.#sampled = { atMs: nowMs, metrics: this.#sample() };
    return this.#sampled.metrics;
  }

  #sample(): ResourceMetrics {
    this.#roll();
    const cores = availableParallelism();
    const dataBytes = this.options.dataFiles.reduce((sum, path) => sum + sizeOf(path), 0);
    const limit = process.constrainedMemory() as number | undefined;
    const memory = limit !== undefined && limit > 0 && limit < totalmem() ? limit : totalmem();
    const disk = freeBytesBeside(this.options.dataFiles[0]);
    const { cpu, network, machineCpu, machineNetwork } = this.#rates;
    return {
      // What the node can have of the disk: what it has, and what is free.
      capacity: { cpu: cores, memory, ...(disk !== null && { disk: disk + dataBytes }) },
      usage: { cpu, memory: process.memoryUsage.rss(), disk: dataBytes, network },
      machine: {
        cpuCores: cores, memoryBytes: totalmem(), memoryUsedBytes: totalmem() - freemem(), load1: loadavg()[0] ?? 0,
        ...(machineCpu !== null && { cpuUsedCores: machineCpu * cores }),
        ...(machineNetwork !== null && { networkBytesPerSecond: machineNetwork }),
      },
    };
  }

  #roll(): void {
    const now = this.#take();
    const before = this.#previous;
    const elapsedMs = now.atMs - before.atMs;
    if (elapsedMs < WINDOW_MS_MIN) return;
    const [busy, all] = now.machineCpu ?? [0, 0];
    const [busyBefore, allBefore] = before.machineCpu ?? [0, 0];
    this.#rates = {
      cpu: (now.cpuMicros - before.cpuMicros) / 1_000 / elapsedMs,
      network: ((now.networkBytes - before.networkBytes) * 1_000) / elapsedMs,
      machineCpu: all > allBefore ? (busy - busyBefore) / (all - allBefore) : null,
      machineNetwork: now.machineBytes === null || before.machineBytes === null ? null : Math.max(0, now.machineBytes - before.machineBytes) * 1_000 / elapsedMs,
    };
    this.#previous = now;
  }

  #take() {
    const { user, system } = process.cpuUsage();
    return { atMs: this.options.clock.monotonicMs(), cpuMicros: user + system, networkBytes: this.options.networkBytes(), machineCpu: machineTicks(), machineBytes: machineNetworkBytes() };
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function freeBytesBeside(path: string | undefined): number | null {
  const read = path === undefined ? null : readOrNull(() => statfsSync(path));
  return read === null ? null : read.bavail * read.bsize;
}

/** Busy and all ticks since boot, from /proc/stat; null where there is none. */
function machineTicks(): readonly [busy: number, all: number] | null {
  const text = readOrNull(() => readFileSync('/proc/stat', 'utf8'));
  const ticks = text?.split('\n')[0]?.trim().split(/\s+/).slice(1, 9).map(Number);
  if (ticks === undefined || ticks.length < 8 || ticks.some((tick) => !Number.isFinite(tick))) return null;
  const all = ticks.reduce((sum, tick) => sum + tick, 0);
  return [all - ticks[3]! - ticks[4]!, all];
}

/** Bytes in and out of all interfaces but the loopback, from /proc/net/dev; null where there is none. */
function machineNetworkBytes(): number | null {
  const text = readOrNull(() => readFileSync('/proc/net/dev', 'utf8'));
  if (text === null) return null;
  let bytes = 0;
  for (const line of text.split('\n')) {
    const [name, rest] = line.split(':');
    if (rest === undefined || name?.trim() === 'lo') continue;
    const fields = rest.trim().split(/\s+/).map(Number);
    bytes += (fields[0] ?? 0) + (fields[8] ?? 0);
  }
  return Number.isFinite(bytes) ? bytes : null;
}

/** What a system without that file cannot tell is unknown. */
function readOrNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}
