import { describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '@/lib/contract/settings';
import { planOf, type PlanJob } from '@/lib/manager/planner';
import { ScaleInRehearsal } from '@/lib/manager/scaling/scale-in-rehearsal';
import { VirtualClock } from '@/lib/platform/virtual-clock';
import { operation } from '@/tests/contract/store-fixtures';
import { modelOf } from '@/tests/support/cluster-model';
import { nodeNamed, stateOf, tableOf } from '@/tests/support/cluster-states';

const CANDIDATES = ['a', 'b', 'c', 'd', 'e', 'f'].map((nodeId, index) => ({ nodeId, zone: null, bytes: index }));

function rehearsal() {
  const clock = new VirtualClock();
  const model = modelOf('c1', clock);
  const nodes = CANDIDATES.map(({ nodeId }) => nodeNamed(nodeId, { domain: { region: null, zone: null, rack: null, host: null } }));
  model.replaceState(stateOf(nodes, tableOf(CANDIDATES.map(({ nodeId }) => nodeId), CANDIDATES.map(({ nodeId }) => [nodeId]))));
  const asked = { atOnce: 0, inThread: 0 };
  const plan = (request: Extract<PlanJob['wish'], { kind: 'search' }>['request']) => planOf({
    state: model.state, wish: { kind: 'search', request: { ...request, threshold: 0.1 }, workMax: 0 },
    context: { planId: 'plan_try', nowMs: 0, expiresAfterMs: 1, createdBy: { kind: 'system', name: 'test' }, safetyLines: DEFAULT_SETTINGS.safetyLines, capabilities: { transferPrimary: true } },
    pace: { throttle: DEFAULT_SETTINGS.throttle, speed: null },
  });
  const tried = new ScaleInRehearsal({ clock, model }, {
    atOnce: (request) => {
      asked.atOnce += 1;
      return plan({ threshold: 0.1, ...request });
    },
    inThread: (request) => {
      asked.inThread += 1;
      return Promise.resolve(asked.inThread === 1 ? null : plan({ threshold: 0.1, ...request }));
    },
  });
  return { clock, model, nodes, asked, tried };
}

describe('the rehearsal of a scale-in', () => {
  it('[S3] that was made beforehand answers the decision; without one it is made on the spot', async () => {
    const { clock, asked, tried } = rehearsal();
    // The thread could not make it.
    tried.prepare('default', CANDIDATES, 1);
    await clock.advance(0);
    tried.prepare('default', CANDIDATES, 1);
    tried.prepare('default', CANDIDATES, 1);
    await clock.advance(0);
    expect(tried.try('default', CANDIDATES, 1)).toEqual({ ok: true, victims: ['a'] });
    expect(asked).toEqual({ atOnce: 0, inThread: 2 });
    expect(tried.try('default', CANDIDATES, 2)).toMatchObject({ ok: true, victims: ['a', 'b'] });
    expect(asked).toEqual({ atOnce: 1, inThread: 2 });
  });

  it('[S3] is made anew when it is old, and never for nodes that nothing would be left without', async () => {
    const { clock, asked, tried } = rehearsal();
    expect(tried.try('default', CANDIDATES, 1)).toMatchObject({ ok: true });
    tried.prepare('default', CANDIDATES, 1);
    expect(asked).toEqual({ atOnce: 1, inThread: 0 });
    await clock.advance(600_000);
    tried.prepare('default', CANDIDATES, 1);
    expect(asked.inThread).toBe(1);
    await clock.advance(0);
    tried.prepare('default', CANDIDATES, 6);
    expect(asked.inThread).toBe(1);
  });

  it('[S3] that found no room is made again, so that room that comes is seen at once', async () => {
    const { clock, model, nodes, asked, tried } = rehearsal();
    const full = stateOf(nodes.map((node) => ({ ...node, cordoned: node.id !== 'a' })), model.state.shards);
    const roomy = model.state;
    model.replaceState(full);
    tried.prepare('default', CANDIDATES, 1);
    await clock.advance(0);
    tried.prepare('default', CANDIDATES, 1);
    await clock.advance(0);
    expect(tried.try('default', CANDIDATES, 1)).toMatchObject({ ok: false, code: 'planner-refused' });
    expect(asked).toEqual({ atOnce: 0, inThread: 2 });
    model.replaceState(roomy);
    tried.prepare('default', CANDIDATES, 1);
    await clock.advance(0);
    expect(tried.try('default', CANDIDATES, 1)).toMatchObject({ ok: true });
    expect(asked).toEqual({ atOnce: 0, inThread: 3 });
  });

  it('[S3] is not made beforehand while an operation runs: what it moves has no place yet', async () => {
    const { clock, model, asked, tried } = rehearsal();
    model.setOperations([operation({ status: 'running' })]);
    tried.prepare('default', CANDIDATES, 1);
    await clock.advance(0);
    expect(asked).toEqual({ atOnce: 0, inThread: 0 });
  });
});
