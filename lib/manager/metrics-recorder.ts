/**
 * Turns readings into roll-ups. Samples are summed in memory per bucket and written when
 * the bucket is over, so a thousand nodes cost the database one batch every ten seconds.
 */
import { utilizationOf } from '@/lib/contract/resources';
import { ROLL_UPS, type Metric } from '@/lib/contract/metrics';
import type { MetricBucket, Store } from '@/lib/contract/storage';
import type { Node } from '@/lib/contract/node';
import { WEIGHED_DIMENSIONS } from '@/lib/contract/vocabulary';
import { worstImbalance } from '@/lib/core/scaling/decide-rebalance';
import type { ClusterModel } from './cluster-model';
import type { ManagerLogger } from './manager-logger';

type Mutable = { -readonly [K in keyof MetricBucket]: MetricBucket[K] };

export class MetricsRecorder {
  readonly #buckets = new Map<string, Mutable>();

  constructor(private readonly clusterId: string, private readonly store: Store, private readonly logger: ManagerLogger) {}

  /** Adds the newest reading and writes the buckets that are over. */
  async record(model: ClusterModel, nowMs: number): Promise<void> {
    for (const node of model.nodes.values()) {
      if (node.observedAtMs !== null && nowMs - node.observedAtMs < 2 * model.settings.observationIntervalMs + 1_000) this.#addNode(node, nowMs);
    }
    const { totals } = model;
    this.#add(null, {
      cpu: totals.cpu, memory: totals.memory, disk: totals.disk, network: totals.network,
      operationsPerSecond: totals.operationsPerSecond, latencyP99Ms: totals.latencyP99Ms, dataBytes: totals.dataBytes, keyCount: totals.keyCount,
      imbalance: worstImbalance(model.imbalance, WEIGHED_DIMENSIONS[model.settings.rebalancing.strategy])?.value ?? null, nodes: totals.nodes, leaders: totals.leaders,
    }, nowMs);
    await this.#write((bucket) => bucket.atMs + bucket.stepMs <= nowMs);
  }

  /** Writes what is there, also the buckets still filling: writing adds to what is stored. */
  async flush(): Promise<void> {
    await this.#write(() => true);
  }

  #addNode(node: Node, nowMs: number): void {
    const utilization = utilizationOf(node);
    this.#add(node.id, {
      ...utilization,
      operationsPerSecond: node.stats.operationsPerSecond,
      latencyP99Ms: node.stats.latencyP99Ms,
      dataBytes: node.usage.memory,
      keyCount: node.stats.keyCount,
      connections: node.stats.connections,
    }, nowMs);
  }

  #add(nodeId: string | null, values: Partial<Record<Metric, number | null>>, nowMs: number): void {
    for (const [metric, value] of Object.entries(values) as [Metric, number | null][]) {
      if (value === null) continue;
      for (const { stepMs } of ROLL_UPS) {
        const atMs = Math.floor(nowMs / stepMs) * stepMs;
        const key = `${stepMs}/${atMs}/${nodeId ?? ''}/${metric}`;
        const bucket = this.#buckets.get(key);
        if (bucket === undefined) this.#buckets.set(key, { clusterId: this.clusterId, nodeId, metric, stepMs, atMs, sum: value, max: value, sampleCount: 1 });
        else {
          bucket.sum += value;
          bucket.max = Math.max(bucket.max, value);
          bucket.sampleCount += 1;
        }
      }
    }
  }

  async #write(isDue: (bucket: MetricBucket) => boolean): Promise<void> {
    const due: MetricBucket[] = [];
    for (const [key, bucket] of this.#buckets) {
      if (!isDue(bucket)) continue;
      due.push(bucket);
      this.#buckets.delete(key);
    }
    if (due.length === 0) return;
    try {
      await this.store.addMetrics(due);
    } catch (error) {
      // Losing a roll-up is better than holding up the loop; the gap shows on the chart.
      this.logger.warn({ clusterId: this.clusterId, buckets: due.length, error: String(error) }, 'Metric roll-ups were not stored');
    }
  }
}
