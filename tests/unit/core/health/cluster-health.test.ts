import { describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '@/lib/contract/settings';
import { assessClusterHealth } from '@/lib/core/health/cluster-health';
import { nodeNamed, stateOf, tableOf } from '../../../support/cluster-states';

const context = { monotonicMs: 500, observationIntervalMs: 1_000, observationError: null, safetyLines: DEFAULT_SETTINGS.safetyLines };
const three = ['a', 'b', 'c'];
const replicated = tableOf(three, [['a', 'b', 'c'], ['b', 'c', 'a'], ['c', 'a', 'b']]);

describe('cluster health', () => {
  it('is healthy when every node answers and every shard has its copies', () => {
    const health = assessClusterHealth(stateOf(three.map((id) => nodeNamed(id)), replicated, 3), context);
    expect(health).toMatchObject({ status: 'healthy', reasons: [], nodesAlive: 3, shardsAtRisk: 0 });
  });

  it('[R2] is unknown, and says so, when the picture is stale', () => {
    const health = assessClusterHealth(stateOf(three.map((id) => nodeNamed(id)), replicated, 3), { ...context, monotonicMs: 60_000 });
    expect(health.status).toBe('unknown');
    expect(health.reasons[0]).toMatchObject({ code: 'observation-stale', message: 'The last reading is 60 s old' });
  });

  it('names a primary on an unreachable node as critical, and counts shards one failure from loss', () => {
    const nodes = [nodeNamed('a', { liveness: 'unreachable' }), nodeNamed('b', { liveness: 'dead' }), nodeNamed('c')];
    const health = assessClusterHealth(stateOf(nodes, replicated, 3), context);
    expect(health.status).toBe('critical');
    expect(health.reasons.find((reason) => reason.code === 'shards-without-primary')).toMatchObject({ shardCount: 2, shardIds: [0, 1] });
    expect(health.reasons.find((reason) => reason.code === 'replicas-at-risk')).toMatchObject({ shardCount: 3, shardIds: [0, 1, 2], message: '3 shards one failure from loss' });
    expect(health.shardsAtRisk).toBe(3);
  });

  it('counts followers as copies of what their leader holds', () => {
    const nodes = [nodeNamed('a'), nodeNamed('f', { followerOf: 'a' })];
    const healthy = assessClusterHealth(stateOf(nodes, tableOf(['a'], [['a'], ['a']]), 2), context);
    expect(healthy.status).toBe('healthy');
    const lost = assessClusterHealth(stateOf([nodeNamed('a'), nodeNamed('f', { followerOf: 'a', liveness: 'dead' })], tableOf(['a'], [['a'], ['a']]), 2), context);
    expect(lost.shardsAtRisk).toBe(2);
  });

  it('says which node is over which safety line', () => {
    const hot = nodeNamed('a', { usage: { cpu: 7.6, memory: 1, disk: 1, network: 1 } });
    const health = assessClusterHealth(stateOf([hot, nodeNamed('b'), nodeNamed('c')], replicated, 3), context);
    expect(health).toMatchObject({ status: 'degraded' });
    expect(health.reasons[0]!.message).toBe('a is over the cpu line of 80 %, highest 95 %');
  });

  it('does not hold the silence of a node in maintenance against the cluster', () => {
    const nodes = [nodeNamed('a', { liveness: 'dead', maintenanceUntilMs: 9_999 }), nodeNamed('b'), nodeNamed('c')];
    const health = assessClusterHealth(stateOf(nodes, tableOf(['b', 'c'], [['b'], ['c']]), 1), context);
    expect(health.status).toBe('healthy');
  });

  it('tells a shard without any living copy from one that only lost its primary', () => {
    const nodes = [nodeNamed('a', { liveness: 'dead' }), nodeNamed('b', { liveness: 'dead' }), nodeNamed('c')];
    const health = assessClusterHealth(stateOf(nodes, tableOf(three, [['a', 'b'], ['a', 'c'], ['c', 'a']]), 2), context);
    expect(health.reasons.find((reason) => reason.code === 'shards-lost')).toMatchObject({ severity: 'critical', shardIds: [0], message: '1 shard without any living copy' });
    expect(health.reasons.find((reason) => reason.code === 'shards-without-primary')).toMatchObject({ shardIds: [1] });
  });

  it('counts zones, and calls a zone lost when all of it is silent', () => {
    const inZone = (id: string, zone: string, liveness: 'alive' | 'dead') => nodeNamed(id, { liveness, domain: { region: null, zone, rack: null, host: null } });
    const health = assessClusterHealth(stateOf([inZone('a', 'z2', 'dead'), inZone('b', 'z1', 'alive'), inZone('c', 'z1', 'dead')], replicated, 3), context);
    expect(health.zones).toEqual([{ zone: 'z1', nodesTotal: 2, nodesAlive: 1, nodesSilent: 1 }, { zone: 'z2', nodesTotal: 1, nodesAlive: 0, nodesSilent: 1 }]);
    expect(health.reasons.find((reason) => reason.code === 'zone-lost')?.message).toBe('The only node of zone z2 is silent');
  });

  it('[R2] says which part of the verdict rests on old values, an old placement or numbers that were turned down', () => {
    const nodes = [
      nodeNamed('a', { observedAtMs: 90_000 }), nodeNamed('b', { observedAtMs: 70_000 }),
      nodeNamed('c', { observedAtMs: 90_000, flags: [{ metric: 'usage.cpu', flag: 'not-a-number', came: 'NaN', sinceMs: 0 }] }),
    ];
    const state = { ...stateOf(nodes, replicated, 3), observedAtMs: 90_000, observedMonotonicMs: 90_000, placementMonotonicMs: 0 };
    const health = assessClusterHealth(state, { ...context, monotonicMs: 90_100 });
    expect(health.status).toBe('healthy');
    expect(health.reasons.map(({ code, severity, nodeIds }) => ({ code, severity, nodeIds }))).toEqual([
      { code: 'metrics-flagged', severity: 'notice', nodeIds: ['c'] },
      { code: 'values-stale', severity: 'notice', nodeIds: ['b'] },
      { code: 'placement-stale', severity: 'notice', nodeIds: [] },
    ]);
  });

  it('names a quarantined node and why nothing is placed there', () => {
    const health = assessClusterHealth(stateOf([nodeNamed('a', { quarantinedUntilMs: 9_000 }), nodeNamed('b'), nodeNamed('c')], replicated, 3), context);
    expect(health).toMatchObject({ status: 'degraded', reasons: [{ code: 'nodes-quarantined', message: 'a is in quarantine after falling over again and again: nothing new is placed there' }] });
  });
});
