'use client';

import { Button, Slider } from '@mantine/core';
import { FrontierChart, stopWords } from '@/components/charts/frontier-chart';
import { suggestedStops, type Frontier } from '@/components/charts/frontier';
import { Panel } from '@/components/ui/panel';
import { formatCount, formatRatio, plural } from '@/lib/client/format';
import { useMemo } from 'react';
import classes from './plan.module.css';

interface FrontierPanelProps {
  readonly frontier: Frontier;
  readonly stepCount: number;
  readonly onChange: (stepCount: number) => void;
}

/** Where to stop: every beginning of a plan is valid and an improvement, and the first moves bring most. */
export function FrontierPanel({ frontier, stepCount, onChange }: FrontierPanelProps) {
  const suggestions = useMemo(() => suggestedStops(frontier), [frontier]);
  const stop = frontier.at(stepCount);
  const drawn = frontier.line.length > 1;
  return (
    <Panel title="Where to stop" note="every beginning of the plan is valid and an improvement">
      <div className={classes['frontier']}>
        {drawn && <FrontierChart frontier={frontier} stepCount={stepCount} onChange={onChange} suggestions={suggestions} />}
        <div className={classes['stops']}>
          <p className={classes['stopWords']}>{stepCount === frontier.stepTotal ? `The whole plan: ${plural(frontier.stepTotal, 'move')}` : stopWords(stop, frontier)}</p>
          <Slider
            min={1} max={frontier.stepTotal} value={stepCount} onChange={onChange} label={(value) => formatCount(value)}
            thumbLabel="Stop after so many moves" thumbValueText={stopWords(stop, frontier)}
          />
          {!drawn && <p className={classes['about']}>What each move brings is not known for this plan: the gain along the way was not recorded.</p>}
          {suggestions.length > 0 && (
            <ul className={classes['suggestions']} aria-label="Good places to stop">
              {suggestions.map((point) => (
                <li key={point.stepCount}>
                  <Button variant="default" size="compact-sm" onClick={() => { onChange(point.stepCount); }} aria-pressed={point.stepCount === stepCount}>
                    {formatRatio(point.gainShare)} of the gain for {formatRatio(point.costShare)} of the {frontier.cost}
                  </Button>
                  <span className={classes['dim']}>{plural(point.stepCount, 'move')}</span>
                </li>
              ))}
              <li><Button variant="default" size="compact-sm" onClick={() => { onChange(frontier.stepTotal); }} aria-pressed={stepCount === frontier.stepTotal}>The whole plan</Button> <span className={classes['dim']}>{plural(frontier.stepTotal, 'move')}</span></li>
            </ul>
          )}
          {drawn && suggestions.length === 0 && <p className={classes['about']}>The gain grows evenly with the {frontier.cost}: no place to stop is much better than another.</p>}
        </div>
      </div>
    </Panel>
  );
}
