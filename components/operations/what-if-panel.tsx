'use client';

import dynamic from 'next/dynamic';
import { useDeferredValue } from 'react';
import type { NodeNames } from '@/components/charts/node-names';
import { Panel } from '@/components/ui/panel';
import { ProblemAlert } from '@/components/ui/problem-alert';
import { EmptyState, LoadingState, ProblemState } from '@/components/ui/states';
import type { WhatIf } from '@/lib/contract/plan';
import type { VersionedSettings } from '@/lib/contract/settings';
import { WEIGHED_DIMENSIONS } from '@/lib/contract/vocabulary';
import { GuardRailList } from './guard-rails';
import { HoldingBars } from './holding-bars';
import { ImbalanceTable } from './imbalance-table';
import { usePlacement } from './use-placement';
import type { WhatIfState } from './use-what-if';
import classes from './plan.module.css';

// The form is there before the maps are.
const MapsAfter = dynamic(() => import('./maps-after').then((module) => module.MapsAfter), { ssr: false, loading: () => <LoadingState what="the maps" /> });

interface WhatIfPanelProps {
  readonly state: WhatIfState;
  readonly missing: string | null;
  readonly names: NodeNames;
  readonly settings: VersionedSettings['settings'];
}

/** While no plan is kept: the picture that the form as it stands would bring. */
export function WhatIfPanel({ state, missing, names, settings }: WhatIfPanelProps) {
  const { whatIf, pending, problem } = state;
  return (
    <Panel title="What-if, not kept" note={pending && whatIf !== null ? 'planning again …' : 'changes with the form; nothing moves'}>
      {missing !== null && <EmptyState title="Nothing to plan yet">{missing}. The picture appears here as soon as it can be planned, and changes with the form.</EmptyState>}
      {missing === null && problem !== null && (problem.lost || problem.status === 401 || problem.status === 403) && <ProblemState what="the what-if" problem={problem} />}
      {missing === null && problem !== null && !problem.lost && problem.status !== 401 && problem.status !== 403 && <ProblemAlert problem={problem} title="This cannot be planned" />}
      {missing === null && problem === null && whatIf === null && <LoadingState what="the what-if" />}
      {missing === null && whatIf !== null && <div data-pending={pending || undefined} className={classes['whatIf']}><WhatIfPicture whatIf={whatIf} names={names} settings={settings} /></div>}
    </Panel>
  );
}

function WhatIfPicture({ whatIf, names, settings }: { readonly whatIf: WhatIf; readonly names: NodeNames; readonly settings: VersionedSettings['settings'] }) {
  const table = usePlacement();
  const steps = useDeferredValue(whatIf.steps);
  const empty = whatIf.stepCount === 0;
  const columns = [{ label: 'Now', imbalance: whatIf.before.imbalance }, ...(empty ? [] : [{ label: 'What-if', imbalance: whatIf.after.imbalance }])];
  return (
    <>
      <p className={classes['verdict']} data-room>{whatIf.verdict.message}</p>
      <GuardRailList rails={whatIf.guardRails} names={names} />
      <ImbalanceTable columns={columns} weighed={{ dimensions: WEIGHED_DIMENSIONS[whatIf.strategy], threshold: whatIf.threshold }} />
      {table !== null && steps.length > 0 && <div className={classes['whatIfMaps']}><MapsAfter table={table} steps={steps} whole={whatIf.steps.length === whatIf.stepCount} nameOf={names.nameOf} /></div>}
      <HoldingBars before={whatIf.before.holdings} after={empty ? null : whatIf.after.holdings} names={names} safetyLines={{ ...settings.safetyLines, ...whatIf.options.safetyLines }} afterLabel="what-if" />
    </>
  );
}
