import { describe, expect, it } from 'vitest';
import { livenessSpans, spanTotals } from '@/lib/client/liveness-spans';
import type { DomainEvent } from '@/lib/contract/events';
import type { MetricSeries } from '@/lib/contract/metrics';

function changed(atMs: number, before: string, after: string): DomainEvent {
  return {
    id: `event_${atMs}`, clusterId: 'c', sequence: atMs + 1, type: 'node.livenessChanged', atMs, actor: { kind: 'system', name: 'manager' }, severity: 'warning',
    message: 'changed', nodeId: 'a', shardId: null, planId: null, operationId: null, data: { before, after },
  };
}

function recorded(stepMs: number, sampled: readonly number[], fromMs = 0): MetricSeries {
  return { metric: 'nodes', nodeId: null, stepMs, points: sampled.map((sampleCount, index) => ({ atMs: fromMs + index * stepMs, mean: sampleCount === 0 ? null : 3, max: null, sampleCount })) };
}

const texts = (spans: ReturnType<typeof livenessSpans>) => spans.map(({ fromMs, toMs, state }) => `${fromMs}-${toMs} ${state}`);

describe('liveness over time', () => {
  it('reads what was before and after from the events, and the present from the node', () => {
    const spans = livenessSpans({
      fromMs: 0, toMs: 1_000, node: { liveness: 'alive', livenessSinceMs: 700 },
      events: [changed(700, 'unreachable', 'alive'), changed(300, 'alive', 'suspect'), changed(400, 'suspect', 'unreachable')], recorded: null,
    });
    expect(texts(spans)).toEqual(['0-300 alive', '300-400 suspect', '400-700 unreachable', '700-1000 alive']);
    expect(spanTotals(spans)).toEqual([
      { state: 'alive', totalMs: 600, times: 2 }, { state: 'suspect', totalMs: 100, times: 1 }, { state: 'unreachable', totalMs: 300, times: 1 },
    ]);
  });

  it('carries nothing over a time in which nobody watched', () => {
    const spans = livenessSpans({
      fromMs: 0, toMs: 1_000, node: { liveness: 'alive', livenessSinceMs: 600 },
      events: [changed(200, 'alive', 'dead')], recorded: recorded(100, [5, 5, 5, 0, 0, 0, 5, 5, 5, 0]),
    });
    expect(texts(spans)).toEqual(['0-200 alive', '200-300 dead', '300-600 unwatched', '600-1000 alive']);
  });

  it('does not call the bucket that is still filling unwatched, and the time before the recording is', () => {
    const spans = livenessSpans({ fromMs: 0, toMs: 500, node: { liveness: 'alive', livenessSinceMs: 0 }, events: [], recorded: recorded(100, [5, 5, 0], 200) });
    expect(texts(spans)).toEqual(['0-200 unwatched', '200-500 alive']);
  });

  it('knows nothing of a window without an end or with nothing in it', () => {
    expect(livenessSpans({ fromMs: 10, toMs: 10, node: { liveness: 'alive', livenessSinceMs: 0 }, events: [], recorded: null })).toEqual([]);
    expect(texts(livenessSpans({ fromMs: 0, toMs: 100, node: { liveness: 'alive', livenessSinceMs: 60 }, events: [], recorded: null }))).toEqual(['0-60 unwatched', '60-100 alive']);
  });
});
