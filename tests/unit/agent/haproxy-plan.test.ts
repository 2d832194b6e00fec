import { describe, expect, it } from 'vitest';
import { parseServersState, planBalancer, type BalancerServer } from '@/lib/agent/balancer/haproxy-plan';

const server = (name: string, change: Partial<BalancerServer> = {}): BalancerServer => ({ name, address: '127.0.0.1:9', admin: 'maint', weight: 1, ...change });
const endpoint = (nodeId: string, address: string, state: 'ready' | 'drain' | 'maintenance' | 'down' = 'ready', weight = 100) => ({ nodeId, address, state, weight: state === 'ready' ? weight : 0 });
const plan = (servers: readonly BalancerServer[], endpoints: readonly ReturnType<typeof endpoint>[]) => planBalancer('b', servers, endpoints);

describe('what HAProxy is told', () => {
  it('a new node takes a free server: address, weight, then ready', () => {
    expect(plan([server('s1'), server('s2')], [endpoint('n', '10.0.0.1:7000', 'ready', 50)])).toEqual({
      commands: ['set server b/s1 addr 10.0.0.1 port 7000', 'set server b/s1 weight 50', 'set server b/s1 state ready'], withoutServer: [],
    });
  });

  it('what is so already is not said again', () => {
    expect(plan([server('s1', { address: '10.0.0.1:7000', admin: 'ready', weight: 100 }), server('s2')], [endpoint('n', '10.0.0.1:7000')]).commands).toEqual([]);
  });

  it.each([['drain', 'drain'], ['maintenance', 'maint'], ['down', 'maint']] as const)('[A5] a node in the state %s is set to %s, with its server and weight kept', (state, admin) => {
    expect(plan([server('s1', { address: '10.0.0.1:7000', admin: 'ready', weight: 100 })], [endpoint('n', '10.0.0.1:7000', state)]).commands).toEqual([`set server b/s1 state ${admin}`]);
  });

  it('a node that has left leaves its server in maintenance, free for the next', () => {
    const servers = [server('s1', { address: '10.0.0.1:7000', admin: 'drain', weight: 100 })];
    expect(plan(servers, [endpoint('m', '10.0.0.2:7000')]).commands).toEqual(['set server b/s1 state maint', 'set server b/s1 addr 10.0.0.2 port 7000', 'set server b/s1 weight 100', 'set server b/s1 state ready']);
  });

  it('a node that may not serve gets no server before it may; one for which there is none is named, and a name is no address', () => {
    expect(plan([server('s1')], [endpoint('n', '10.0.0.1:7000', 'drain')])).toEqual({ commands: [], withoutServer: [] });
    expect(plan([], [endpoint('n', '10.0.0.1:7000')])).toEqual({ commands: [], withoutServer: ['n'] });
    expect(plan([server('s1')], [endpoint('n', 'evil; shutdown:7000')])).toEqual({ commands: [], withoutServer: ['n'] });
  });

  it('IPv6 is written as HAProxy takes it', () => {
    expect(plan([server('s1')], [endpoint('n', '[::1]:7000')]).commands[0]).toBe('set server b/s1 addr ::1 port 7000');
  });
});

describe('what HAProxy says of its servers', () => {
  const header = '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_port';
  it('is read by the names of its columns', () => {
    expect(parseServersState(`1\n${header}\n3 b 1 s1 127.0.0.1 2 4 50 1 7000\n3 b 2 s2 ::1 0 5 1 1 9\n3 b 3 s3 10.0.0.1 2 8 1 1 80\n\n`)).toEqual([
      { name: 's1', address: '127.0.0.1:7000', admin: 'ready', weight: 50 }, { name: 's2', address: '[::1]:9', admin: 'maint', weight: 1 }, { name: 's3', address: '10.0.0.1:80', admin: 'drain', weight: 1 },
    ]);
  });

  it('is nothing when it is something else', () => {
    expect(parseServersState("Can't find backend.\n")).toEqual([]);
    expect(parseServersState(`1\n${header}\nhalf a line\n`)).toEqual([]);
  });
});
