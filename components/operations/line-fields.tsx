'use client';

import { ActionIcon, NumberInput, Tooltip } from '@mantine/core';
import { IconRestore } from '@tabler/icons-react';
import { LineStrip } from '@/components/charts/line-strip';
import { RESOURCE_LABELS } from '@/components/charts/node-facts';
import { useCluster, useSummary } from '@/components/realtime/use-cluster';
import { formatRatio } from '@/lib/client/format';
import type { Resource } from '@/lib/contract/resources';
import type { VersionedSettings } from '@/lib/contract/settings';
import { utilizationOf } from '@/lib/contract/utilization';
import { RESOURCES, WEIGHED_DIMENSIONS } from '@/lib/contract/vocabulary';
import type { Strategy } from '@/lib/contract/plan';
import { Fold } from '@/components/ui/fold';
import { DIMENSION_WORDS } from './plan-words';
import type { PlanUrl, SetPlanUrl } from './plan-url';
import classes from './plan-form.module.css';

interface LineFieldsProps {
  readonly url: PlanUrl;
  readonly setUrl: SetPlanUrl;
  readonly settings: VersionedSettings['settings'];
  readonly strategy: Strategy;
}

/** The lines that decide whether anything moves, each over what it is held against now. */
export function LineFields({ url, setUrl, settings, strategy }: LineFieldsProps) {
  const changed = Object.keys(url.lines).length;
  return (
    <>
      {url.scope === 'cluster' && <ThresholdField url={url} setUrl={setUrl} usual={settings.rebalancing.imbalanceThreshold} strategy={strategy} />}
      <Fold title="Safety lines" note={changed === 0 ? 'as in the settings' : `${changed} moved, to look ahead`} open={changed > 0}>
        <div className={classes['lines']}>
          {RESOURCES.map((resource) => <SafetyLineField key={resource} resource={resource} url={url} setUrl={setUrl} usual={settings.safetyLines[resource]} />)}
          <p className={classes['about']}>A plan may be made under other lines than the cluster’s, to look ahead. When it is to run, the cluster’s own count.</p>
        </div>
      </Fold>
    </>
  );
}

function ThresholdField({ url, setUrl, usual, strategy }: Pick<LineFieldsProps, 'url' | 'setUrl' | 'strategy'> & { readonly usual: number }) {
  const { imbalance } = useSummary();
  const value = url.threshold ?? usual;
  const weighed = WEIGHED_DIMENSIONS[strategy].flatMap((dimension) => (imbalance[dimension] === null ? [] : [{ label: DIMENSION_WORDS[dimension], value: imbalance[dimension] }]));
  const over = weighed.filter((each) => each.value > value).sort((a, b) => b.value - a.value);
  const words = over.length === 0 ? 'nothing is over it now' : `over it now: ${over.map((each) => `${each.label} ${formatRatio(each.value)}`).join(', ')}`;
  return (
    <LineField
      label="Act above an imbalance of" stripLabel="Imbalance threshold" value={value} usual={usual} words={words} values={weighed.map((each) => each.value)} step={0.1}
      onChange={(threshold) => { setUrl({ threshold: threshold === usual ? null : threshold }); }}
    />
  );
}

/** In whole percent, so that a second in which nothing changes renders nothing. */
function useUtilizations(resource: Resource): readonly number[] {
  return useCluster((state) => state.nodes?.flatMap((node) => {
    const ratio = node.followerOf === null ? utilizationOf(node)[resource] : null;
    return ratio === null ? [] : [Math.round(ratio * 100) / 100];
  }) ?? []);
}

function SafetyLineField({ resource, url, setUrl, usual }: { readonly resource: Resource; readonly url: PlanUrl; readonly setUrl: SetPlanUrl; readonly usual: number }) {
  const values = useUtilizations(resource);
  const value = url.lines[resource] ?? usual;
  const over = values.filter((ratio) => ratio > value).length;
  const label = RESOURCE_LABELS[resource];
  const words = values.length === 0 ? 'no node reports it' : over === 0 ? `none of ${values.length} nodes is over it` : `${over} of ${values.length} nodes over it`;
  return (
    <LineField
      label={label} stripLabel={`${label} safety line`} value={value} usual={usual} words={words} values={values} step={1}
      onChange={(line) => {
        const { [resource]: _, ...others } = url.lines;
        setUrl({ lines: line === usual ? others : { ...others, [resource]: line } });
      }}
    />
  );
}

interface LineFieldProps {
  readonly label: string;
  readonly stripLabel: string;
  readonly value: number;
  readonly usual: number;
  readonly values: readonly number[];
  readonly words: string;
  /** Of the number field, in percent. */
  readonly step: number;
  readonly onChange: (value: number) => void;
}

function LineField({ label, stripLabel, value, usual, values, words, step, onChange }: LineFieldProps) {
  const moved = value !== usual;
  return (
    <div className={classes['line']}>
      <div className={classes['lineHead']}>
        <span className={classes['label']}>{label}</span>
        <Tooltip label={`Back to ${formatRatio(usual)}, as in the settings`}>
          <ActionIcon variant="subtle" color="gray" size="sm" className={classes['reset'] ?? ''} data-shown={moved || undefined} aria-label={`${stripLabel}: back to ${formatRatio(usual)}`} disabled={!moved} onClick={() => { onChange(usual); }}><IconRestore size={14} aria-hidden /></ActionIcon>
        </Tooltip>
        <NumberInput
          size="xs" className={classes['lineNumber'] ?? ''} aria-label={`${stripLabel}, percent`} suffix=" %" min={0} max={100} step={step} decimalScale={1} allowNegative={false} clampBehavior="blur"
          value={Math.round(value * 1_000) / 10} onChange={(percent) => { if (typeof percent === 'number' && percent >= 0 && percent <= 100) onChange(Math.round(percent * 10) / 1_000); }}
        />
      </div>
      <LineStrip label={stripLabel} value={value} onChange={onChange} values={values} usual={usual} words={words} />
      <p className={classes['lineWords']}>{words}</p>
    </div>
  );
}
