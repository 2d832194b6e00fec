'use client';

import { Button, TextInput, UnstyledButton } from '@mantine/core';
import { IconChevronRight, IconSearch, IconStack2 } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useDeferredValue, useMemo, useRef, useState } from 'react';
import { ExportMenu } from '@/components/charts/export-menu';
import { NodeSwatch, type NodeNames } from '@/components/charts/node-names';
import { Panel } from '@/components/ui/panel';
import { NoMatchState } from '@/components/ui/states';
import { formatBytes, formatCount, plural } from '@/lib/client/format';
import type { Plan, PlanStep } from '@/lib/contract/plan';
import type { Alternative } from '@/lib/contract/plan-proof';
import { AlternativeList } from './alternative-list';
import { reasonWords, stepWords } from './plan-words';
import { stepRows, type StepRow } from './step-rows';
import classes from './steps-table.module.css';

/** At least; on a phone the words wrap and the row is measured. */
const ROW_PX = 44;

const EXPORT_COLUMNS = ['kind', 'shardId', 'sourceNodeId', 'targetNodeId', 'bytes', 'reason'] as const;

function exportRow(step: PlanStep) {
  const { kind, shardId, sourceNodeId, targetNodeId, reason } = step;
  return { kind, shardId, sourceNodeId, targetNodeId, bytes: step.kind === 'move' ? step.bytes : 0, reason: reason.code };
}

/** Every move in order, in its wave, with why, and for those that matter most why there and not elsewhere. Only the rows in sight exist in the page. */
export const StepsTable = memo(({ plan, stepCount: wanted, names }: { readonly plan: Plan; readonly stepCount: number; readonly names: NodeNames }) => {
  const stepCount = useDeferredValue(wanted);
  const [find, setFind] = useState('');
  const sought = useDeferredValue(find);
  const [explainedOnly, setExplainedOnly] = useState(false);
  const rows = useMemo(() => stepRows({ plan, stepCount, find: sought, explainedOnly, nameOf: names.nameOf }), [plan, stepCount, sought, explainedOnly, names]);
  const explained = plan.alternatives.filter(({ stepIndex }) => stepIndex < stepCount).length;
  return (
    <Panel
      title="Moves" flush
      note={<>{plural(stepCount, 'step')} in the order they start{plan.waves.length > 0 && '; those of one wave may run together'}</>}
      actions={
        <>
          {plan.alternatives.length > 0 && (
            <Button variant={explainedOnly ? 'light' : 'default'} aria-pressed={explainedOnly} onClick={() => { setExplainedOnly(!explainedOnly); }}>
              {formatCount(explained)} say why not elsewhere
            </Button>
          )}
          <TextInput size="xs" w={150} aria-label="Find a shard or a node" placeholder="Shard or node" leftSection={<IconSearch size={13} aria-hidden />} value={find} onChange={(event) => { setFind(event.currentTarget.value); }} />
          <ExportMenu fileName={`plan-${plan.id}`} columns={EXPORT_COLUMNS} rows={() => plan.steps.slice(0, stepCount).map(exportRow)} />
        </>
      }
    >
      {rows.length === 0 ? <NoMatchState what="moves" total={stepCount} onClear={() => { setFind(''); setExplainedOnly(false); }} /> : <Rows rows={rows} names={names} />}
    </Panel>
  );
});
StepsTable.displayName = 'StepsTable';

function Rows({ rows, names }: { readonly rows: readonly StepRow[]; readonly names: NodeNames }) {
  const scroller = useRef<HTMLDivElement>(null);
  // eslint-disable-next-line react-hooks/incompatible-library -- its functions are called in this component only, nothing memoised takes them
  const virtualizer = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => ROW_PX, overscan: 10 });
  const [opened, setOpened] = useState<number | null>(null);
  return (
    <div ref={scroller} className={classes['steps']} tabIndex={0} role="region" aria-label="Moves of the plan">
      <div role="table" aria-label="Moves" aria-rowcount={rows.length} style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
        {virtualizer.getVirtualItems().map((item) => {
          const row = rows[item.index]!;
          return (
            <div key={item.key} ref={virtualizer.measureElement} data-index={item.index} role="row" aria-rowindex={item.index + 1} data-kind={row.kind} data-opened={(row.kind === 'step' && opened === row.index) || undefined} className={classes['row']} style={{ transform: `translateY(${item.start}px)` }}>
              {row.kind === 'wave' && <span role="cell" className={classes['wave']}><IconStack2 size={14} aria-hidden /> Wave {formatCount(row.number)}: {row.wave.stepCount === 1 ? 'one move by itself' : `${formatCount(row.wave.stepCount)} moves that may run together`}, {row.wave.bytes > 0 ? formatBytes(row.wave.bytes) : 'no data'}{row.wave.reclaims && '; waits for the space that earlier waves give back'}</span>}
              {row.kind === 'alone' && <span role="cell" className={classes['wave']}>{plural(row.stepCount, 'more move')}, one after the other</span>}
              {row.kind === 'step' && <StepCells row={row} names={names} opened={opened === row.index} onToggle={() => { setOpened(opened === row.index ? null : row.index); }} />}
            </div>
          );
        })}
      </div>
    </div>
  );
}

interface StepCellsProps {
  readonly row: Extract<StepRow, { kind: 'step' }>;
  readonly names: NodeNames;
  readonly opened: boolean;
  readonly onToggle: () => void;
}

function StepCells({ row: { index, step, alternative }, names, opened, onToggle }: StepCellsProps) {
  return (
    <>
      <span role="cell" className={classes['index']}>{formatCount(index + 1)}</span>
      <span role="cell" className={classes['what']}>
        <span>shard {formatCount(step.shardId)}, {stepWords(step)}: <NodeSwatch nodeId={step.sourceNodeId} names={names} /> {names.nameOf(step.sourceNodeId)} → <NodeSwatch nodeId={step.targetNodeId} names={names} /> {names.nameOf(step.targetNodeId)}</span>
        <span className={classes['why']}>{reasonWords(step.reason)}</span>
        {alternative !== null && <WhyThere alternative={alternative} step={step} names={names} opened={opened} onToggle={onToggle} />}
      </span>
      <span role="cell" className={classes['bytes']}>{step.kind === 'move' ? formatBytes(step.bytes) : 'no data'}</span>
    </>
  );
}

function WhyThere({ alternative, step, names, opened, onToggle }: Pick<StepCellsProps, 'names' | 'opened' | 'onToggle'> & { readonly alternative: Alternative; readonly step: PlanStep }) {
  const first = alternative.candidates[0];
  const not = first === undefined ? 'another node' : `${names.nameOf(first.nodeId)}${alternative.candidates.length > 1 ? ` or ${plural(alternative.candidates.length - 1, 'other')}` : ''}`;
  return (
    <>
      <UnstyledButton className={classes['toggle'] ?? ''} aria-expanded={opened} onClick={onToggle}>
        <IconChevronRight size={12} className={classes['chevron']} aria-hidden /> Why {names.nameOf(step.targetNodeId)} and not {not}
      </UnstyledButton>
      {opened && <AlternativeList alternative={alternative} names={names} />}
    </>
  );
}
