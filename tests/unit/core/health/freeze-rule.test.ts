import { describe, expect, it } from 'vitest';
import type { Liveness, Node } from '@/lib/contract/node';
import { acknowledgeSilence, AT_ONCE_MS, DEATH_WINDOW_MS, deathsAllowed, UNWATCHED, watchMassFailure, type FreezeWatch, type MassFailure } from '@/lib/core/health/freeze-rule';
import { nodeNamed } from '../../../support/cluster-states';

/** Twelve nodes, n0 to n11, in zones z0, z1, z2 in turn. */
const IDS = Array.from({ length: 12 }, (_, index) => `n${index}`);

function nodes(states: Partial<Record<string, Liveness>>): Node[] {
  return IDS.map((id, index) => nodeNamed(id, { liveness: states[id] ?? 'alive', domain: { region: null, zone: `z${index % 3}`, rack: null, host: null } }));
}

class Rounds {
  watch: FreezeWatch = UNWATCHED;

  at(monotonicMs: number, states: Partial<Record<string, Liveness>>, more: { deaths?: number; withheld?: string[]; maintenance?: string[] } = {}): MassFailure | null {
    const judged = watchMassFailure(this.watch, { nodes: nodes(states), deaths: more.deaths ?? 0, withheld: more.withheld ?? [], maintenance: new Set(more.maintenance), monotonicMs });
    this.watch = judged.watch;
    return judged.failure;
  }
}

describe('mass failure', () => {
  it('[N5] allows max(1, 30 %) deaths in 15 min and freezes at the next one', () => {
    const rounds = new Rounds();
    const of = { nodeCount: 12, frozen: false };
    expect(deathsAllowed(UNWATCHED, { ...of, monotonicMs: 0 })).toBe(3);
    expect(deathsAllowed(UNWATCHED, { nodeCount: 2, frozen: false, monotonicMs: 0 })).toBe(1);
    expect(deathsAllowed(UNWATCHED, { ...of, frozen: true, monotonicMs: 0 })).toBe(0);
    expect(rounds.at(0, { n0: 'dead', n3: 'dead' }, { deaths: 2 })).toBeNull();
    expect(deathsAllowed(rounds.watch, { ...of, monotonicMs: 1_000 })).toBe(1);
    expect(rounds.at(400_000, { n0: 'dead', n3: 'dead', n1: 'dead' }, { deaths: 1 })).toBeNull();
    const silent = { n0: 'dead', n3: 'dead', n1: 'dead', n4: 'unreachable' } as const;
    expect(rounds.at(500_000, silent)).toBeNull();
    expect(rounds.at(800_000, silent, { withheld: ['n4'] })).toMatchObject({ cause: 'mass-failure', reason: '4 of 12 nodes are silent long enough to be dead within 15 min; more than 3 is a mass failure' });
    expect(deathsAllowed(rounds.watch, { ...of, monotonicMs: DEATH_WINDOW_MS })).toBe(2);
  });

  it('[N5] freezes when 55 % of a zone are gone, not before', () => {
    expect(new Rounds().at(0, { n0: 'unreachable', n3: 'unreachable' })).toBeNull();
    expect(new Rounds().at(0, { n0: 'unreachable', n3: 'unreachable', n6: 'dead' })?.reason).toContain('3 of 4 nodes of zone z0');
  });

  it('[N5] freezes when nodes of two zones fall silent within a minute of each other, not when they do so apart', () => {
    expect(new Rounds().at(0, { n0: 'unreachable', n1: 'unreachable' })?.reason).toContain('two zones at once');
    const apart = new Rounds();
    expect(apart.at(0, { n0: 'unreachable' })).toBeNull();
    expect(apart.at(AT_ONCE_MS + 1, { n0: 'unreachable', n1: 'unreachable' })).toBeNull();
    const close = new Rounds();
    expect(close.at(0, { n0: 'unreachable' })).toBeNull();
    expect(close.at(AT_ONCE_MS, { n0: 'unreachable', n1: 'unreachable' })).not.toBeNull();
  });

  it('[N5] suspects ourselves when everything is unreachable', () => {
    expect(new Rounds().at(0, Object.fromEntries(IDS.map((id) => [id, 'unreachable' as const])))?.cause).toBe('all-unreachable');
  });

  it('does not count nodes in maintenance', () => {
    expect(new Rounds().at(0, { n0: 'unreachable', n1: 'unreachable' }, { maintenance: ['n1'] })).toBeNull();
    expect(new Rounds().at(0, { n0: 'unreachable', n3: 'unreachable', n6: 'dead' }, { maintenance: ['n0', 'n3'] })).toBeNull();
  });

  it('[N5] does not freeze again for what a human has seen, until it has come back once', () => {
    const rounds = new Rounds();
    const zone = { n0: 'unreachable', n3: 'unreachable', n6: 'unreachable' } as const;
    expect(rounds.at(0, zone)).not.toBeNull();
    rounds.watch = acknowledgeSilence(rounds.watch);
    expect(rounds.at(1_000, zone)).toBeNull();
    expect(rounds.at(400_000, { n0: 'dead', n3: 'dead', n6: 'dead' })).toBeNull();
    expect(rounds.at(500_000, { ...zone, n1: 'unreachable' })).toBeNull();
    expect(rounds.at(600_000, {})).toBeNull();
    expect(rounds.at(700_000, zone)).not.toBeNull();
  });
});
