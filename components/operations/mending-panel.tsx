import { Panel } from '@/components/ui/panel';
import { formatCount, plural } from '@/lib/client/format';
import type { Mending, MendStep } from '@/lib/contract/shard-mending';
import classes from './operations.module.css';

const FAULTS: Readonly<Record<MendStep['fault'], string>> = { 'unassigned': 'nobody served them', 'served-by-gone': 'their node is gone', 'open': 'left half moved', 'disputed': 'claimed twice', 'strayed': 'keys astray' };
const RANGES_MAX = 4;

/** What was ordered to be mended, step by step, and what came of it. */
export function MendingPanel({ mending, nameOf }: { readonly mending: Mending; readonly nameOf: (nodeId: string) => string }) {
  const results = mending.steps.flatMap(({ result }) => result ?? []);
  const kept = results.reduce((sum, { keysKept }) => sum + keysKept, 0);
  const moved = results.reduce((sum, { keysMoved }) => sum + keysMoved, 0);
  return (
    <Panel title="What is mended" note={`${plural(results.length, 'step')} of ${formatCount(mending.steps.length)} done, ${plural(moved, 'key')} moved${kept === 0 ? '' : `, ${plural(kept, 'key')} kept on two nodes`}`}>
      <div className={classes['tableScroll']} tabIndex={0} role="region" aria-label="Steps of mending">
        <table className={classes['table']}>
          <thead><tr>{['Shards', 'What was wrong', 'What is done', 'Keys moved', 'Keys kept on both', 'Mended'].map((head) => <th key={head} scope="col">{head}</th>)}</tr></thead>
          <tbody>
            {mending.steps.map((step, index) => (
              <tr key={index}>
                <th scope="row">{rangesText(step)}</th>
                <td>{FAULTS[step.fault]}{step.lostNodeIds.length > 0 && `, ${step.lostNodeIds.map(nameOf).join(', ')} given up`}</td>
                <td>{deedOf(step, nameOf)}</td>
                <td>{step.result === null ? '–' : formatCount(step.result.keysMoved)}</td>
                <td data-above={(step.result?.keysKept ?? 0) > 0 || undefined}>{step.result === null ? '–' : formatCount(step.result.keysKept)}</td>
                <td>{step.result === null ? 'not yet' : `${formatCount(step.result.shardsMended)} of ${formatCount(step.shardCount)}`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function deedOf({ remedy }: MendStep, nameOf: (nodeId: string) => string): string {
  const to = nameOf(remedy.toNodeId);
  if (remedy.kind === 'assign') return `${to} takes over`;
  if (remedy.kind === 'finish') return `the move to ${to} is finished`;
  return remedy.gathersFrom.length === 0 ? `${to} keeps them` : `keys come to ${to} from ${remedy.gathersFrom.map(({ nodeId }) => nameOf(nodeId)).join(', ')}`;
}

function rangesText({ ranges, shardCount }: MendStep): string {
  const shown = ranges.slice(0, RANGES_MAX).map(({ first, last }) => (first === last ? String(first) : `${first}–${last}`)).join(', ');
  return ranges.length > RANGES_MAX ? `${shown}, … (${formatCount(shardCount)})` : shown;
}
