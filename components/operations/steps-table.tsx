'use client';

import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef } from 'react';
import { ExportMenu } from '@/components/charts/export-menu';
import { NodeSwatch, type NodeNames } from '@/components/charts/node-names';
import { Panel } from '@/components/ui/panel';
import { formatBytes, formatCount, plural } from '@/lib/client/format';
import type { PlanStep } from '@/lib/contract/plan';
import { reasonWords, stepWords } from './plan-words';
import classes from './operations.module.css';

/** At least; on a phone the words wrap and the row is measured. */
const ROW_HEIGHT_PX = 44;

const EXPORT_COLUMNS = ['kind', 'shardId', 'sourceNodeId', 'targetNodeId', 'bytes', 'reason'] as const;

function exportRow(step: PlanStep) {
  const { kind, shardId, sourceNodeId, targetNodeId, reason } = step;
  return { kind, shardId, sourceNodeId, targetNodeId, bytes: step.kind === 'move' ? step.bytes : 0, reason: reason.code };
}

/** Every move in order, with why. Only the rows in sight exist in the page. */
export function StepsTable({ steps, names, planId }: { readonly steps: readonly PlanStep[]; readonly names: NodeNames; readonly planId: string }) {
  const scroller = useRef<HTMLDivElement>(null);
  // eslint-disable-next-line react-hooks/incompatible-library -- its functions are called in this component only, nothing memoised takes them
  const virtualizer = useVirtualizer({ count: steps.length, getScrollElement: () => scroller.current, estimateSize: () => ROW_HEIGHT_PX, overscan: 10 });
  return (
    <Panel title="Moves" note={`${plural(steps.length, 'step')} in the order they start`} flush actions={<ExportMenu fileName={`plan-${planId}`} columns={EXPORT_COLUMNS} rows={() => steps.map(exportRow)} />}>
      <div ref={scroller} className={classes['steps']} tabIndex={0} role="region" aria-label="Moves of the plan">
        <div role="table" aria-label="Moves" aria-rowcount={steps.length} style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
          {virtualizer.getVirtualItems().map((item) => {
            const step = steps[item.index]!;
            return (
              <div key={item.key} ref={virtualizer.measureElement} data-index={item.index} role="row" aria-rowindex={item.index + 1} className={classes['step']} style={{ minHeight: ROW_HEIGHT_PX, transform: `translateY(${item.start}px)` }}>
                <span role="cell" className={classes['stepIndex']}>{formatCount(item.index + 1)}</span>
                <span role="cell" className={classes['stepWhat']}>
                  <span>shard {formatCount(step.shardId)}, {stepWords(step)}: <NodeSwatch nodeId={step.sourceNodeId} names={names} /> {names.nameOf(step.sourceNodeId)} → <NodeSwatch nodeId={step.targetNodeId} names={names} /> {names.nameOf(step.targetNodeId)}</span>
                  <span className={classes['dim']}>{reasonWords(step.reason)}</span>
                </span>
                <span role="cell" className={classes['stepBytes']}>{step.kind === 'move' ? formatBytes(step.bytes) : 'no data'}</span>
              </div>
            );
          })}
        </div>
      </div>
    </Panel>
  );
}
