import { describe, expect, it } from 'vitest';
import { ROUTING_CHOICES } from '@/lib/contract/vocabulary';
import { ClientSessions } from '@/lib/drivers/simulator/client-sessions';
import { newNode } from '@/lib/drivers/simulator/phantom-node';

const nodes = (count: number) => Array.from({ length: count }, (_, index) => ({ ...newNode({ index, id: `node-${index}`, zone: 'zone-a', joinKey: null }), member: true }));
const sum = (counts: Float64Array) => counts.reduce((total, count) => total + count, 0);

describe('clients of the simulated cluster', () => {
  it.each(ROUTING_CHOICES)('by %s: all are connected, nobody to a node that is away, and the same again', (choice) => {
    const all = nodes(6);
    all[2]!.running = false;
    const sessions = new ClientSessions({ choice, seed: 3 });
    const counts = sessions.counts(all);
    expect(counts[2]).toBe(0);
    expect(sum(counts)).toBe(5 * 24);
    expect(new ClientSessions({ choice, seed: 3 }).counts(all)).toEqual(counts);
    all[2]!.running = true;
    expect(sum(sessions.counts(all))).toBe(6 * 24);
    expect(sessions.counts(all)[2]).toBeGreaterThan(0);
  });

  it('takes turns evenly, and by weight where nodes are slower', () => {
    const all = nodes(3);
    all[0]!.slowFactor = 4;
    expect([...new ClientSessions({ choice: 'round-robin', seed: 1 }).counts(all)]).toEqual([24, 24, 24]);
    expect([...new ClientSessions({ choice: 'least-connections', seed: 1 }).counts(all)]).toEqual([24, 24, 24]);
    expect([...new ClientSessions({ choice: 'weighted-round-robin', seed: 1 }).counts(all)]).toEqual([8, 32, 32]);
  });
});
