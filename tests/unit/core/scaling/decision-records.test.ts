import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { explainRecord } from '@/lib/core/scaling/explain';
import { SCENES } from './decision-scenes';

/**
 * The records are text that people have read. When a change of the scaler is meant to
 * change them, put what the test prints into the file and read the difference.
 */
const reviewed = new Map(readFileSync('tests/unit/core/scaling/decision-records.txt', 'utf8').trim().split('\n\n').map((block) => {
  const [name, ...lines] = block.split('\n');
  return [name!.replace(/^# /, ''), lines.join('\n')] as const;
}));

function recordOf(scene: string): string {
  const record = SCENES[scene]!();
  const rules = record.rules.map((rule) => `${rule.ruleId}: ${rule.value === null ? 'unknown' : Number(rule.value.toFixed(4))} over ${rule.windowMs / 60_000} min, line ${Number(rule.threshold.toFixed(4))}, wants ${rule.wanted ?? '-'}, out ${rule.wantedOut ?? '-'}, permits ${rule.wantedIn ?? '-'}`);
  const order = record.nextOrder === null ? [] : [`order by ${clock(record.nextOrder.orderByMs)} to be ready at ${clock(record.nextOrder.readyAtMs)}: ${record.nextOrder.nodeCount} nodes`];
  return [...rules, `${record.nodeCount} -> ${record.decided} nodes: ${record.action}, ${record.outcome}, by ${record.bindingCode ?? 'nothing'}${record.victims.length > 0 ? `, empties ${record.victims.join(', ')}` : ''}`, explainRecord(record), ...order].join('\n');
}

const clock = (ms: number) => new Date(ms).toISOString().slice(11, 16);

describe('decision records', () => {
  it('are all reviewed, and none is left over', () => {
    expect([...reviewed.keys()]).toEqual(Object.keys(SCENES));
  });

  it.each(Object.keys(SCENES))('[S9] %s', (scene) => {
    expect(recordOf(scene)).toBe(reviewed.get(scene));
  });
});
