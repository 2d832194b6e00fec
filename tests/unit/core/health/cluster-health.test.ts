import { describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '@/lib/contract/settings';
import { assessClusterHealth } from '@/lib/core/health/cluster-health';
import { massFailure } from '@/lib/core/health/freeze-rule';
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
    expect(health.reasons.find((reason) => reason.code === 'shards-without-primary')?.shardCount).toBe(2);
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
});

describe('mass failure', () => {
  const nodes = Array.from({ length: 10 }, (_, index) => nodeNamed(`n${index}`, { domain: { region: null, zone: `z${index % 3}`, rack: null, host: null } }));

  it('[N5] freezes at the death that exceeds 30 % within 15 min, not before', () => {
    expect(massFailure(nodes, [0, 1, 2], 1_000)).toBeNull();
    expect(massFailure(nodes, [0, 1, 2, 3], 1_000)).toMatchObject({ cause: 'mass-failure' });
    expect(massFailure(nodes, [0, 1, 2, 900_000], 901_000)).toBeNull();
  });

  it('[N5] freezes when a zone is gone, and suspects ourselves when everything is', () => {
    const zoneDown = nodes.map((node) => (node.domain.zone === 'z1' ? { ...node, liveness: 'unreachable' as const } : node));
    expect(massFailure(zoneDown, [], 0)?.reason).toContain('zone z1');
    const allDown = nodes.map((node) => ({ ...node, liveness: 'unreachable' as const }));
    expect(massFailure(allDown, [], 0)?.cause).toBe('all-unreachable');
  });
});
