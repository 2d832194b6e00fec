import { describe, expect, it } from 'vitest';
import { AGENT_LIMITS, HeartbeatSchema, type HeartbeatAnswer } from '@/lib/contract/agent-protocol';
import { HttpAgentConnectionSchema } from '@/lib/contract/connection';
import { AgentCluster } from '@/lib/drivers/http-agent/agent-cluster';
import { MemoryStore } from '@/lib/persistence/memory-store';
import { VirtualClock } from '@/lib/platform/virtual-clock';
import { agentRecord } from '../../../contract/store-fixtures';

const memberRecord = (index: number) => agentRecord({ nodeId: `node-${index}`, address: `10.0.0.1:${7_000 + index}`, acceptedAtMs: 1 });

/** Agents that hold a poll each and beat again as soon as they are answered. */
function setUp(count: number) {
  const clock = new VirtualClock();
  const cluster = new AgentCluster({ clusterId: 'c', connection: HttpAgentConnectionSchema.parse({ kind: 'http-agent' }), registry: new MemoryStore(clock), clock, random: () => 0.5 });
  /** Lists of members that were answered. */
  const told: { readonly nodeId: string; readonly atMs: number; readonly answer: HeartbeatAnswer }[] = [];
  const beat = async (nodeId: string): Promise<void> => {
    let membersRevision = 0;
    for (let sequence = 1; ; sequence += 1) {
      const taken = cluster.session(nodeId)!.receive(HeartbeatSchema.parse({ nodeId, incarnation: 1, sequence, epoch: 0, address: '10.0.0.1:7000', membersRevision, metrics: {}, shards: { count: 0 } }));
      if (!taken.ok) throw new Error(taken.error);
      const answer = await taken.value;
      if (answer.members === null) continue;
      told.push({ nodeId, atMs: clock.monotonicMs(), answer });
      membersRevision = answer.members.revision;
    }
  };
  const enter = (index: number) => {
    const { record } = cluster.admit(memberRecord(index));
    void beat(record.nodeId);
  };
  for (let index = 0; index < count; index += 1) enter(index);
  return { clock, cluster, told, enter };
}

describe('the agents of a cluster', () => {
  it('two members know each other at once', async () => {
    const { clock, told } = setUp(2);
    await clock.advance(20);
    for (const nodeId of ['node-0', 'node-1']) expect(told.findLast((each) => each.nodeId === nodeId)?.answer.members?.nodes.map((peer) => peer.nodeId)).toEqual(['node-0', 'node-1']);
  });

  it('changes that come together are said as one, and to a few at a time: a thousand lists of a thousand would hold up every beat', async () => {
    const { clock, told, enter } = setUp(400);
    await clock.advance(10_000);
    told.length = 0;
    for (let index = 400; index < 500; index += 1) enter(index);
    const beganMs = clock.monotonicMs();
    await clock.advance(10_000);
    const complete = told.filter(({ answer }) => answer.members?.nodes.length === 500);
    expect(new Set(complete.map(({ nodeId }) => nodeId)).size).toBe(500);
    // The first newcomer is told of at once, the others together with the next list: two lists for everybody, not a hundred.
    expect(told.length).toBeLessThanOrEqual(2 * 500);
    const together = Math.max(...complete.map(({ atMs }) => complete.filter((other) => other.atMs === atMs).length));
    expect(together).toBeLessThanOrEqual(50);
    expect(Math.max(...complete.map(({ atMs }) => atMs)) - beganMs).toBeLessThan(3_000 + AGENT_LIMITS.beatIntervalMs);
  });

  it('nobody waits for its turn who beats meanwhile', async () => {
    const { clock, cluster, told } = setUp(120);
    await clock.advance(10_000);
    told.length = 0;
    cluster.admit(memberRecord(120));
    await clock.advance(0);
    expect(told).toHaveLength(50);
    const late = cluster.session('node-99')!;
    late.nudge();
    await clock.advance(0);
    expect(told.map(({ nodeId }) => nodeId)).toContain('node-99');
  });
});
