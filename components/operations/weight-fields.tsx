'use client';

import { ActionIcon, Button, Slider, Tooltip } from '@mantine/core';
import { IconRestore } from '@tabler/icons-react';
import { useSummary } from '@/components/realtime/use-cluster';
import { plural } from '@/lib/client/format';
import type { Objective, ObjectiveWeights } from '@/lib/contract/plan-options';
import { BALANCE_DIMENSIONS } from '@/lib/contract/vocabulary';
import { Fold } from '@/components/ui/fold';
import { BUCKET_WORDS, OBJECTIVES_OF_BUCKET, OBJECTIVE_WORDS } from './objective-words';
import { DIMENSION_WORDS } from './plan-words';
import classes from './plan-form.module.css';

/** Weights multiply, so the slider's stops do too: from not at all over as usual to as good as only this. */
const STOPS: readonly number[] = [0, 0.1, 0.25, 0.5, 1, 2, 4, 10, 25, 100];

interface WeightFieldsProps {
  /** What the operator set. */
  readonly weights: ObjectiveWeights;
  /** What counts now, as the last answer tells; the preset's where nothing was set. */
  readonly inForce: ObjectiveWeights;
  readonly onChange: (weights: ObjectiveWeights) => void;
}

/** How much each objective counts inside its bucket. */
export function WeightFields({ weights, inForce, onChange }: WeightFieldsProps) {
  const { imbalance } = useSummary();
  const set = Object.keys(weights).length;
  const unknown = BALANCE_DIMENSIONS.filter((dimension) => imbalance[dimension] === null);
  const shown = (objective: Objective) => weights[objective] !== undefined || !unknown.some((dimension) => dimension === objective);
  const groups = OBJECTIVES_OF_BUCKET.map(({ bucket, objectives }) => ({ bucket, objectives: objectives.filter(shown) })).filter(({ objectives }) => objectives.length > 0);
  return (
    <Fold title="Fine-tune the weights" note={set === 0 ? 'as the preset has them' : `${plural(set, 'weight')} of your own`} open={set > 0}>
      <p className={classes['about']}>What comes first counts first: a weight only decides among placements that are equal in everything above it.</p>
      {groups.map(({ bucket, objectives }, place) => (
        <fieldset key={bucket} className={classes['bucket']}>
          <legend className={classes['bucketTitle']}>{place + 1}. {BUCKET_WORDS[bucket]}</legend>
          {objectives.map((objective) => (
            <WeightField
              key={objective} label={OBJECTIVE_WORDS[objective]} own={weights[objective]} inForce={inForce[objective]}
              onChange={(weight) => {
                const { [objective]: _, ...others } = weights;
                onChange(weight === null ? others : { ...others, [objective]: weight });
              }}
            />
          ))}
        </fieldset>
      ))}
      {unknown.length > 0 && <p className={classes['about']}>Not measured on this cluster: {unknown.map((dimension) => DIMENSION_WORDS[dimension].toLowerCase()).join(', ')}.</p>}
      {set > 0 && <Button variant="default" size="compact-xs" onClick={() => { onChange({}); }}>Back to the preset’s weights</Button>}
    </Fold>
  );
}

interface WeightFieldProps {
  readonly label: string;
  readonly own: number | undefined;
  readonly inForce: number | undefined;
  /** `null`: back to the preset's. */
  readonly onChange: (weight: number | null) => void;
}

function WeightField({ label, own, inForce, onChange }: WeightFieldProps) {
  const value = own ?? inForce;
  const words = value === undefined ? 'as the preset has it' : value === 0 ? 'not at all' : `× ${Number(value.toPrecision(3))}`;
  return (
    <div className={classes['weight']}>
      <span className={classes['weightLabel']}>{label}</span>
      <Slider
        size="sm" thumbSize={18} min={0} max={STOPS.length - 1} step={1} value={nearestStop(value ?? 1)} onChange={(stop) => { onChange(STOPS[stop] ?? 1); }}
        label={(stop) => `× ${STOPS[stop] ?? 1}`} thumbLabel={`Weight of ${label}`} thumbValueText={words} marks={[{ value: STOPS.indexOf(1) }]}
      />
      <span className={classes['weightValue']} data-own={own !== undefined || undefined}>{value === undefined ? '–' : words}</span>
      <Tooltip label="As the preset has it">
        <ActionIcon variant="subtle" color="gray" size="sm" className={classes['reset'] ?? ''} data-shown={own !== undefined || undefined} disabled={own === undefined} aria-label={`Weight of ${label}: as the preset has it`} onClick={() => { onChange(null); }}><IconRestore size={14} aria-hidden /></ActionIcon>
      </Tooltip>
    </div>
  );
}

/** By the ratio, since the stops multiply; 0 is only 0. */
function nearestStop(weight: number): number {
  if (weight === 0) return 0;
  const distance = (stop: number) => Math.abs(Math.log(weight / stop));
  return STOPS.reduce((best, stop, index) => (stop > 0 && distance(stop) < distance(STOPS[best]!) ? index : best), 1);
}
