import { describe, expect, it } from 'vitest';
import { ROUTING_CHOICES } from '@/lib/contract/vocabulary';
import { EndpointChooser, type Candidate } from '@/lib/core/routing/endpoint-chooser';
import { ClientSessions } from '@/lib/drivers/simulator/client-sessions';
import { newNode } from '@/lib/drivers/simulator/phantom-node';
import { createRandom } from '@/lib/platform/random';

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

  it.each(ROUTING_CHOICES)('by %s: of many nodes each has as many, to one more or less, as if every client had chosen by itself', (choice) => {
    const all = nodes(120);
    for (const [index, node] of all.entries()) node.slowFactor = 1 + (index % 3);
    const endpoints = all.map(({ id, index, slowFactor }): Candidate & { index: number } => ({ nodeId: id, index, state: 'ready', weight: Math.round(100 / slowFactor) }));
    const chooser = new EndpointChooser({ choice, random: createRandom('clients/3') });
    const chosen = new Float64Array(all.length);
    for (let session = 0; session < 24 * all.length; session += 1) chosen[chooser.choose(endpoints)!.index]! += 1;
    const counts = new ClientSessions({ choice, seed: 3 }).counts(all);
    expect(sum(counts)).toBe(sum(chosen));
    for (const index of all.keys()) expect(Math.abs(counts[index]! - chosen[index]!), `node ${index}`).toBeLessThanOrEqual(choice === 'weighted-round-robin' ? 1 : 0);
  });
});
