import { describe, expect, it } from 'vitest';
import { HeartbeatSchema, HeldShardSchema, type AgentCommand, type HeldShard } from '@/lib/contract/agent-protocol';
import { HttpAgentConnectionSchema } from '@/lib/contract/connection';
import { DEFAULT_SETTINGS } from '@/lib/contract/settings';
import { AgentCluster } from '@/lib/drivers/http-agent/agent-cluster';
import { Membership } from '@/lib/drivers/http-agent/membership';
import { ShardView } from '@/lib/drivers/http-agent/shard-view';
import { MemoryStore } from '@/lib/persistence/memory-store';
import { VirtualClock } from '@/lib/platform/virtual-clock';
import { agentRecord } from '../../../contract/store-fixtures';

const SECONDARY: HeldShard = HeldShardSchema.parse({ shardId: 3, role: 'secondary', epoch: 1, version: 1, peerNodeId: 'other' });

/** One agent that obeys: what it was ordered, in order, and whether it takes new shards. */
async function setUp(options: { readonly holds: readonly HeldShard[]; readonly canDrain?: boolean }) {
  const clock = new VirtualClock();
  const connection = HttpAgentConnectionSchema.parse({ kind: 'http-agent' });
  const store = new MemoryStore(clock);
  const record = agentRecord({ acceptedAtMs: 1 });
  await store.commit([{ kind: 'insert-cluster', cluster: { id: record.clusterId, name: 'c', environment: 'development', connection, createdAtMs: 0, freeze: null, epoch: 1 }, settings: { generation: 1, settings: DEFAULT_SETTINGS } }]);
  const tokenHash = 'd'.repeat(64);
  await store.commit([{ kind: 'insert-enrolment-token', token: { tokenHash, clusterId: record.clusterId, acceptByRule: true, createdAtMs: 0, expiresAtMs: 10_000, usedByNodeId: null } }]);
  await store.commit([{ kind: 'enrol-agent', tokenHash, agent: record }]);
  const cluster = new AgentCluster({ clusterId: record.clusterId, connection, registry: store, clock, random: () => 0.5 });
  cluster.raiseEpoch(1);
  const session = cluster.admit(record);
  const told: (readonly ['asked'] | readonly [AgentCommand['kind'], boolean])[] = [];
  const live = async () => {
    let answers = 0;
    let list = false;
    let membersRevision = 0;
    for (let sequence = 1; session.record.removedAtMs === null; sequence += 1) {
      const beat = HeartbeatSchema.parse({ nodeId: record.nodeId, incarnation: 1, sequence, epoch: 1, address: record.address, answers, membersRevision, metrics: {}, shards: { count: options.holds.length, held: list ? options.holds : null } });
      const taken = session.receive(beat);
      if (!taken.ok) throw new Error(taken.error);
      const answer = await taken.value;
      if (answer.ask !== null && answer.ask.number > answers) told.push(['asked']);
      answers = answer.ask?.number ?? answers;
      membersRevision = answer.members?.revision ?? membersRevision;
      list = answer.ask?.shards === true;
      for (const command of answer.commands) {
        if (command.kind !== 'drain') throw new Error(`Nobody expected ${command.kind}`);
        told.push([command.kind, command.draining]);
        session.report([options.canDrain === false
          ? { state: 'failed', key: command.key, failure: { code: 'not-supported', message: 'cannot', retryable: false } }
          : { state: 'done', key: command.key, outcome: { bytes: 0, keyCount: 0, shard: null } }]);
      }
    }
  };
  void live();
  const view = new ShardView({ shardCount: 16, replicationFactor: 2 });
  let keys = 0;
  const membership = new Membership({ cluster, view, clock, nextKey: () => { keys += 1; return String(keys); } });
  const remove = async () => {
    const removing = membership.remove(record.nodeId, new AbortController().signal);
    await clock.advance(10_000);
    return await removing;
  };
  return { remove, told, session };
}

describe('letting a node with an agent go', () => {
  it('[S4] it takes no new shards from before it is asked whether it is empty', async () => {
    const { remove, told, session } = await setUp({ holds: [] });
    expect(await remove()).toMatchObject({ ok: true });
    expect(told).toEqual([['drain', true], ['asked']]);
    expect(session.record.removedAtMs).not.toBeNull();
  });

  it('[S4] one that holds something does not leave, and takes new shards again', async () => {
    const { remove, told, session } = await setUp({ holds: [SECONDARY] });
    expect(await remove()).toMatchObject({ ok: false, error: { code: 'not-empty' } });
    expect(told).toEqual([['drain', true], ['asked'], ['drain', false]]);
    expect(session.record.removedAtMs).toBeNull();
  });

  it('a database that cannot close itself is asked all the same', async () => {
    const { remove } = await setUp({ holds: [SECONDARY], canDrain: false });
    expect(await remove()).toMatchObject({ ok: false, error: { code: 'not-empty' } });
  });
});
