'use client';

import { memo, useMemo } from 'react';
import { PlanMaps } from '@/components/charts/plan-maps';
import type { PlanStep } from '@/lib/contract/plan';
import type { ShardTable } from '@/lib/contract/shard-table';
import { applyPlacement } from '@/lib/contract/apply-placement';

interface MapsAfterProps {
  readonly table: ShardTable;
  readonly steps: readonly PlanStep[];
  /** Are they all of the plan's? */
  readonly whole: boolean;
  readonly nameOf: (nodeId: string) => string;
}

/** The maps before and after just these steps. */
export const MapsAfter = memo(({ table, steps, whole, nameOf }: MapsAfterProps) => {
  const after = useMemo(() => applyPlacement(table, steps), [table, steps]);
  return <PlanMaps before={table} after={after} nameOf={nameOf} moveCount={whole ? null : steps.length} />;
});
MapsAfter.displayName = 'MapsAfter';
