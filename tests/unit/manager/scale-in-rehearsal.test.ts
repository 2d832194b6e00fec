import { describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '@/lib/contract/settings';
import { planOf } from '@/lib/manager/planner';
import { ScaleInRehearsal } from '@/lib/manager/scaling/scale-in-rehearsal';
import { VirtualClock } from '@/lib/platform/virtual-clock';
import { operation } from '@/tests/contract/store-fixtures';
import { modelOf } from '@/tests/support/cluster-model';
import { nodeNamed, stateOf, tableOf } from '@/tests/support/cluster-states';

const CANDIDATES = ['a', 'b', 'c', 'd', 'e', 'f'].map((nodeId, index) => ({ nodeId, zone: null, bytes: index }));
const REHEARSING = { ok: false, code: 'rehearsing' };

/** `failing`: so many of the first threads could not make it. */
function rehearsal({ failing = 0 } = {}) {
  const clock = new VirtualClock();
  const model = modelOf('c1', clock);
  const nodes = CANDIDATES.map(({ nodeId }) => nodeNamed(nodeId, { domain: { region: null, zone: null, rack: null, host: null } }));
  model.replaceState(stateOf(nodes, tableOf(CANDIDATES.map(({ nodeId }) => nodeId), CANDIDATES.map(({ nodeId }) => [nodeId]))));
  const asked: string[] = [];
  const tried = new ScaleInRehearsal({ clock, model }, (request) => {
    asked.push(request.scope.kind === 'evacuate' ? request.scope.nodeIds.join('') : '?');
    if (asked.length <= failing) return Promise.resolve(null);
    return Promise.resolve(planOf({
      state: model.state, wish: { kind: 'search', request: { ...request, threshold: 0.1 }, workMax: 0 },
      context: { planId: 'plan_try', nowMs: 0, expiresAfterMs: 1, createdBy: { kind: 'system', name: 'test' }, safetyLines: DEFAULT_SETTINGS.safetyLines, capabilities: { transferPrimary: true } },
      pace: { throttle: DEFAULT_SETTINGS.throttle, speed: null },
    }));
  });
  return { clock, model, nodes, asked, tried };
}

describe('the rehearsal of a scale-in', () => {
  it('[S3] that was made beforehand answers the decision, of several nodes as of one', async () => {
    const { asked, tried } = rehearsal();
    tried.prepare('default', CANDIDATES, 1);
    tried.prepare('default', CANDIDATES, 1);
    tried.prepare('default', CANDIDATES, 3);
    await tried.settled();
    expect(tried.try('default', CANDIDATES, 1)).toEqual({ ok: true, victims: ['a'] });
    expect(tried.try('default', CANDIDATES, 3)).toEqual({ ok: true, victims: ['a', 'b', 'c'] });
    expect(asked).toEqual(['a', 'abc']);
  });

  it('[S3] is never made in the moment of the decision, which waits for it and says so', async () => {
    const { asked, tried } = rehearsal({ failing: 1 });
    expect(tried.try('default', CANDIDATES, 2)).toMatchObject(REHEARSING);
    await tried.settled();
    // The thread could not make it.
    expect(tried.try('default', CANDIDATES, 2)).toMatchObject(REHEARSING);
    await tried.settled();
    expect(tried.try('default', CANDIDATES, 2)).toEqual({ ok: true, victims: ['a', 'b'] });
    expect(asked).toEqual(['ab', 'ab']);
  });

  it('[S3] is of the nodes it was made with, though another holds a little less by now', async () => {
    const { asked, tried } = rehearsal();
    tried.prepare('default', CANDIDATES, 1);
    await tried.settled();
    const shifted = CANDIDATES.map((candidate) => (candidate.nodeId === 'f' ? { ...candidate, bytes: -1 } : candidate));
    expect(tried.try('default', shifted, 1)).toEqual({ ok: true, victims: ['a'] });
    // With one less to choose from it is another matter.
    expect(tried.try('default', shifted.slice(1), 1)).toMatchObject(REHEARSING);
    expect(asked).toEqual(['a', 'f']);
  });

  it('[S3] of one pool and number does not push out that of another', async () => {
    const { asked, tried } = rehearsal();
    for (let round = 0; round < 3; round += 1) {
      tried.try('default', CANDIDATES, 1);
      tried.try('default', CANDIDATES, 2);
      tried.try('cold', CANDIDATES, 1);
      await tried.settled();
    }
    expect(asked).toEqual(['a', 'ab', 'a']);
  });

  it('[S3] is made anew before it is old, so that a recommendation that stands is not interrupted', async () => {
    const { clock, asked, tried } = rehearsal();
    tried.try('default', CANDIDATES, 1);
    await tried.settled();
    for (let minute = 0; minute < 30; minute += 1) {
      await clock.advance(60_000);
      expect(tried.try('default', CANDIDATES, 1)).toMatchObject({ ok: true });
      await tried.settled();
    }
    expect(asked.length).toBeGreaterThan(3);
    await clock.advance(600_000);
    expect(tried.try('default', CANDIDATES, 1)).toMatchObject(REHEARSING);
  });

  it('[S3] never leaves a pool with nothing', async () => {
    const { asked, tried } = rehearsal();
    tried.prepare('default', CANDIDATES, 6);
    expect(tried.try('default', CANDIDATES, 6)).toMatchObject({ ok: false, code: 'no-victim' });
    await tried.settled();
    expect(asked).toEqual([]);
  });

  it('[S3] that found no room is made again, so that room that comes is seen at once', async () => {
    const { model, nodes, asked, tried } = rehearsal();
    const full = stateOf(nodes.map((node) => ({ ...node, cordoned: node.id !== 'a' })), model.state.shards);
    const roomy = model.state;
    model.replaceState(full);
    tried.prepare('default', CANDIDATES, 1);
    await tried.settled();
    expect(tried.try('default', CANDIDATES, 1)).toMatchObject({ ok: false, code: 'planner-refused' });
    model.replaceState(roomy);
    tried.prepare('default', CANDIDATES, 1);
    await tried.settled();
    expect(tried.try('default', CANDIDATES, 1)).toMatchObject({ ok: true });
    expect(asked).toEqual(['a', 'a']);
  });

  it('[S3] is not made while an operation runs, and one that was made before is forgotten after it: what it moves has no place yet', async () => {
    const { model, asked, tried } = rehearsal();
    model.setOperations([operation({ status: 'running' })]);
    tried.prepare('default', CANDIDATES, 1);
    await tried.settled();
    expect(asked).toEqual([]);
    model.setOperations([]);
    tried.prepare('default', CANDIDATES, 1);
    // It ends only after shards have moved.
    tried.forget();
    await tried.settled();
    expect(tried.try('default', CANDIDATES, 1)).toMatchObject(REHEARSING);
    await tried.settled();
    expect(tried.try('default', CANDIDATES, 1)).toMatchObject({ ok: true });
  });
});
