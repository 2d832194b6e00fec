import { describe, expect, it } from 'vitest';
import { isServing, notServing } from '@/lib/drivers/redis-cluster/serving';
import { parseClusterNodes } from '@/lib/drivers/redis-cluster/topology';

/** What one node answered: its role, its slots and its cluster_state. */
function answer(n: number, { role = 'master', slots = '', state = 'ok' }: { role?: string; slots?: string; state?: string }) {
  const view = parseClusterNodes(`${n.toString(16).padStart(40, '0')} 127.0.0.1:${7_000 + n}@${17_000 + n} myself,${role} - 0 0 ${n} connected ${slots}`);
  if (!view.ok) throw new Error(view.error);
  return { view: view.value, clusterInfo: new Map([['cluster_state', state]]) };
}

describe('does the cluster serve, by its own word', () => {
  const holders = [answer(1, { slots: '0-8191' }), answer(2, { slots: '8192-16383' })];

  it('a newcomer without slots that has not heard of all slots yet says nothing about the others', () => {
    const newcomer = answer(3, { state: 'fail' });
    expect(isServing([...holders, newcomer])).toBe(true);
    expect(notServing([...holders, newcomer])).toEqual([]);
  });

  it('a primary that holds slots and says fail does not serve them, and so does a newcomer from its first slot on', () => {
    const failing = answer(2, { slots: '8192-16383', state: 'fail' });
    const newcomer = answer(3, { slots: '7', state: 'fail' });
    expect(isServing([holders[0]!, failing])).toBe(false);
    expect(notServing([holders[0]!, failing])).toEqual([failing]);
    expect(isServing([...holders, newcomer])).toBe(false);
    expect(notServing([...holders, newcomer])).toEqual([newcomer]);
  });

  it('where those with slots do not serve, everybody who says so is named; a follower that says so always is', () => {
    const failing = answer(2, { slots: '8192-16383', state: 'fail' });
    const newcomer = answer(3, { state: 'fail' });
    const follower = answer(4, { role: 'slave', state: 'fail' });
    expect(notServing([holders[0]!, failing, newcomer])).toEqual([failing, newcomer]);
    expect(isServing([...holders, follower])).toBe(true);
    expect(notServing([...holders, follower])).toEqual([follower]);
  });

  it('a cluster of which nobody holds a slot does not serve when anybody says so', () => {
    expect(isServing([answer(1, { state: 'fail' }), answer(2, {})])).toBe(false);
    expect(isServing([answer(1, {}), answer(2, {})])).toBe(true);
  });
});
