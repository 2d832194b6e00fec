import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLiveState, reduceLive, type LiveMessage, type LiveState } from '@/lib/client/live-state';
import { EVENTS_LIVE_MAX, LIVE_VIEWS } from '@/lib/contract/live';
import { bytesOf, CLUSTER_ID, deltaOf, emptySnapshotOf, eventOf, nodeOf, snapshotOf, summaryOf, wireShardDeltaOf } from './live-fixtures';

function run(state: LiveState, ...messages: LiveMessage[]) {
  const asked: (string | null)[] = [];
  for (const message of messages) {
    const reduction = reduceLive(state, message);
    state = reduction.state;
    asked.push(reduction.resync);
  }
  return { state, asked };
}

const snapshot = (...args: Parameters<typeof snapshotOf>): LiveMessage => ({ kind: 'snapshot', message: snapshotOf(...args) });
const delta = (...args: Parameters<typeof deltaOf>): LiveMessage => ({ kind: 'delta', message: deltaOf(...args) });
const summaryDelta = (from: number, to: number, epoch = 1) => delta({ view: 'summary', patch: { revision: to } }, from, to, epoch);
const started = () => run(createLiveState(CLUSTER_ID), snapshot({ view: 'summary', summary: summaryOf() }, { revision: 5 })).state;

describe('the live state', () => {
  it('[R1] applies a delta that begins where it stands', () => {
    const { state, asked } = run(started(), summaryDelta(5, 7), summaryDelta(7, 8));
    expect(state.summary?.revision).toBe(8);
    expect(state.heads.summary).toEqual({ status: 'current', epoch: 1, revision: 8 });
    expect(asked).toEqual([null, null]);
  });

  it('[R1] asks for a snapshot once when a revision is missing, and keeps the last picture until it comes', () => {
    const { state, asked } = run(started(), summaryDelta(6, 7), summaryDelta(7, 8), summaryDelta(8, 9));
    expect(asked).toEqual(['summary', null, null]);
    expect(state.summary?.revision).toBe(1);
    const recovered = run(state, snapshot({ view: 'summary', summary: summaryOf({ revision: 9 }) }, { revision: 9 }), summaryDelta(9, 10)).state;
    expect(recovered.summary?.revision).toBe(10);
  });

  it('[R1] asks for a snapshot when the epoch changed: another manager speaks', () => {
    expect(run(started(), summaryDelta(5, 6, 2)).asked).toEqual(['summary']);
  });

  it('[R1] ignores what is older than what it has: deltas, snapshots and former epochs', () => {
    const before = started();
    const { state, asked } = run(before, summaryDelta(3, 5), snapshot({ view: 'summary', summary: summaryOf({ name: 'old' }) }, { revision: 4 }), summaryDelta(5, 6, 0),
      snapshot({ view: 'summary', summary: summaryOf({ name: 'older' }) }, { epoch: 0, revision: 99 }));
    expect(state).toBe(before);
    expect(asked).toEqual([null, null, null, null]);
  });

  it('[R1] after any stream with losses, repeats and resyncs holds what the server holds', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom('ok', 'lost', 'twice'), { minLength: 1, maxLength: 40 }), (fates) => {
      let state = createLiveState(CLUSTER_ID);
      let revision = 1;
      const send = (message: LiveMessage) => {
        const reduction = reduceLive(state, message);
        state = reduction.state;
        // The server answers a resync with its present picture.
        if (reduction.resync !== null) state = reduceLive(state, snapshot({ view: 'summary', summary: summaryOf({ revision }) }, { revision })).state;
      };
      send(snapshot({ view: 'summary', summary: summaryOf({ revision }) }, { revision }));
      for (const fate of [...fates, 'ok' as const]) {
        revision += 1;
        const message = summaryDelta(revision - 1, revision);
        if (fate !== 'lost') send(message);
        if (fate === 'twice') send(message);
      }
      expect(state.summary?.revision).toBe(revision);
    }));
  });

  it('takes no notice of another cluster', () => {
    const before = started();
    expect(run(before, snapshot({ view: 'summary', summary: summaryOf({ id: 'cluster_2' }) }, { clusterId: 'cluster_2', revision: 50 })).state).toBe(before);
  });

  it('after the connection was lost keeps every picture and takes a snapshot of any revision', () => {
    const lost = run(started(), { kind: 'disconnected' });
    expect(lost.state.summary?.name).toBe('demo');
    expect(run(lost.state, summaryDelta(5, 6)).asked).toEqual([null]);
    expect(run(lost.state, snapshot({ view: 'summary', summary: summaryOf({ name: 'restored' }) }, { revision: 2 })).state.summary?.name).toBe('restored');
  });

  it('drops the picture of a view that nobody keeps fresh', () => {
    const state = run(createLiveState(CLUSTER_ID), { kind: 'snapshot', message: emptySnapshotOf('nodes') }, { kind: 'released', view: 'nodes' }).state;
    expect(state.nodes).toBeNull();
    expect(state.heads.nodes).toEqual({ status: 'waiting' });
  });

  it('remembers that the cluster is gone until a snapshot says otherwise', () => {
    const gone = run(started(), { kind: 'gone', message: { clusterId: CLUSTER_ID, view: 'summary' } }).state;
    expect(gone.gone).toBe(true);
    expect(run(gone, snapshot({ view: 'summary', summary: summaryOf() }, { revision: 6 })).state.gone).toBe(false);
  });

  it('takes a snapshot of every view', () => {
    const { state } = run(createLiveState(CLUSTER_ID), ...LIVE_VIEWS.map((view): LiveMessage => ({ kind: 'snapshot', message: emptySnapshotOf(view) })));
    for (const view of LIVE_VIEWS) expect(state[view], view).not.toBeNull();
  });
});

describe('nodes', () => {
  const nodes = run(createLiveState(CLUSTER_ID), snapshot({ view: 'nodes', nodes: [nodeOf('n-1'), nodeOf('n-3')] })).state;

  it('stay sorted by id when one joins, and metrics count from the list after that', () => {
    const values = new Float64Array(12).fill(NaN);
    values[0] = 42;
    const message = delta({ view: 'nodes', upserts: [nodeOf('n-2')], removed: ['n-3'], metrics: { nodeIndexes: bytesOf(Uint16Array.of(1)), values: bytesOf(values) } }, 1, 2);
    const { state } = run(nodes, message);
    expect(state.nodes?.map((node) => node.id)).toEqual(['n-1', 'n-2']);
    expect(state.nodes?.[1]?.usage.cpu).toBe(42);
  });

  it('ask for a snapshot when the columns make no sense, and keep the last picture', () => {
    const message = delta({ view: 'nodes', upserts: [], removed: [], metrics: { nodeIndexes: bytesOf(Uint16Array.of(9)), values: bytesOf(new Float64Array(12)) } }, 1, 2);
    const { state, asked } = run(nodes, message);
    expect(asked).toEqual(['nodes']);
    expect(state.nodes?.length).toBe(2);
  });
});

describe('shards', () => {
  it('take a delta of rows', () => {
    const { state, asked } = run(createLiveState(CLUSTER_ID), { kind: 'snapshot', message: emptySnapshotOf('shards') }, delta({ view: 'shards', rows: wireShardDeltaOf([3], 8) }, 1, 2));
    expect(state.shards?.sizeBytes[3]).toBe(8);
    expect(asked).toEqual([null, null]);
  });
});

describe('events', () => {
  it('are put on top once each, newest first, and only the newest are kept', () => {
    const first = Array.from({ length: EVENTS_LIVE_MAX }, (_none, index) => eventOf(EVENTS_LIVE_MAX - index));
    const { state } = run(createLiveState(CLUSTER_ID), snapshot({ view: 'events', events: first }), delta({ view: 'events', events: [eventOf(202), eventOf(201), eventOf(200)] }, 1, 2));
    expect(state.events?.length).toBe(EVENTS_LIVE_MAX);
    expect(state.events?.slice(0, 3).map((event) => event.sequence)).toEqual([202, 201, 200]);
  });
});
