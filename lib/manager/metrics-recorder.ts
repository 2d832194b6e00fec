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
import { isShortList, ITEMS_PER_TURN, nextTurn } from '@/lib/platform/in-turns';
import type { ClusterModel } from './cluster-model';
import type { ManagerLogger } from './manager-logger';
import { restIfLarge } from './rest-if-large';

type Mutable = { -readonly [K in keyof MetricBucket]: MetricBucket[K] };

/** The bucket of one roll-up that is filling, of every series; those of a thousand nodes are added to every second. */
interface Filling {
  readonly stepMs: number;
  atMs: number;
  /** By node, `null` = the cluster itself. */
  series: Map<string | null, Map<string, Mutable>>;
}

export class MetricsRecorder {
  readonly #filling: readonly Filling[] = ROLL_UPS.map(({ stepMs }) => ({ stepMs, atMs: 0, series: new Map() }));
  #over: MetricBucket[] = [];

  constructor(private readonly clusterId: string, private readonly store: Store, private readonly logger: ManagerLogger) {}

  /** Adds the newest reading and writes the buckets that are over. */
  async record(model: ClusterModel, nowMs: number): Promise<void> {
    await restIfLarge(model.state);
    this.#turnTo(nowMs);
    for (const [at, node] of [...model.nodes.values()].entries()) {
      if (at > 0 && at % ITEMS_PER_TURN === 0) await nextTurn();
      if (node.observedAtMs !== null && nowMs - node.observedAtMs < 2 * model.settings.observationIntervalMs + 1_000) this.#addNode(node);
    }
    const { totals } = model;
    this.#add(null, {
      cpu: totals.cpu, memory: totals.memory, disk: totals.disk, network: totals.network,
      operationsPerSecond: totals.operationsPerSecond, latencyP99Ms: totals.latencyP99Ms, dataBytes: totals.dataBytes, keyCount: totals.keyCount,
      imbalance: worstImbalance(model.imbalance, WEIGHED_DIMENSIONS[model.settings.rebalancing.strategy])?.value ?? null, nodes: totals.nodes, leaders: totals.leaders,
    });
    await this.#write();
  }

  /** Writes what is there, also the buckets still filling: writing adds to what is stored. */
  async flush(): Promise<void> {
    this.#turnTo(Infinity);
    await this.#write();
  }

  /** Buckets that are not of this time any more are over. */
  #turnTo(nowMs: number): void {
    for (const filling of this.#filling) {
      const atMs = Math.floor(nowMs / filling.stepMs) * filling.stepMs;
      if (filling.atMs === atMs) continue;
      for (const series of filling.series.values()) this.#over.push(...series.values());
      filling.atMs = atMs;
      filling.series = new Map();
    }
  }

  #addNode(node: Node): void {
    const utilization = utilizationOf(node);
    this.#add(node.id, {
      ...utilization,
      operationsPerSecond: node.stats.operationsPerSecond,
      latencyP99Ms: node.stats.latencyP99Ms,
      dataBytes: node.usage.memory,
      keyCount: node.stats.keyCount,
      connections: node.stats.connections,
    });
  }

  #add(nodeId: string | null, values: Partial<Record<Metric, number | null>>): void {
    const known = (Object.entries(values) as [Metric, number | null][]).filter((entry): entry is [Metric, number] => entry[1] !== null);
    for (const { stepMs, atMs, series } of this.#filling) {
      const buckets = series.get(nodeId) ?? new Map<string, Mutable>();
      series.set(nodeId, buckets);
      for (const [metric, value] of known) {
        const bucket = buckets.get(metric);
        if (bucket === undefined) buckets.set(metric, { clusterId: this.clusterId, nodeId, metric, stepMs, atMs, sum: value, max: value, sampleCount: 1 });
        else {
          bucket.sum += value;
          bucket.max = Math.max(bucket.max, value);
          bucket.sampleCount += 1;
        }
      }
    }
  }

  async #write(): Promise<void> {
    const due = this.#over;
    if (due.length === 0) return;
    this.#over = [];
    // Adding a reading of a thousand nodes takes some milliseconds, which are not to be added to those of writing.
    if (!isShortList(due)) await nextTurn();
    try {
      await this.store.addMetrics(due);
    } catch (error) {
      // Losing a roll-up is better than holding up the loop; the gap shows on the chart.
      this.logger.warn({ clusterId: this.clusterId, buckets: due.length, error: String(error) }, 'Metric roll-ups were not stored');
    }
  }
}
