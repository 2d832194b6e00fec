'use client';

import { FileButton, Button, Group, Loader, NativeSelect, NumberInput, SegmentedControl, SimpleGrid, Stack, Textarea, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMemo, useState } from 'react';
import { useRoundedNow } from '@/components/realtime/use-live-store';
import { Note } from '@/components/ui/note';
import { Panel } from '@/components/ui/panel';
import { ProblemAlert } from '@/components/ui/problem-alert';
import type { ApiProblem } from '@/lib/client/api-problem';
import type { BacktestSeries } from '@/lib/contract/scaling-view';
import { SCALING_METRICS } from '@/lib/contract/scaling-rules';
import { BacktestFigures } from './backtest-figures';
import { BacktestSizes } from './backtest-sizes';
import { EXAMPLE_SERIES, EXAMPLE_STEP_SECONDS, exampleText } from './example-series';
import { parseSeries } from './parse-series';
import { METRIC_CHOICES } from './policy-words';
import { useBacktest, type BacktestState } from './use-backtest';
import type { PolicyForm } from './use-policy-form';
import classes from './backtest.module.css';

const SOURCES = [{ value: '1', label: '1 day' }, { value: '7', label: '7 days' }, { value: '30', label: '30 days' }, { value: 'given', label: 'A series' }] as const;

/** What the policy in the form would have done, against the active one. Nothing is stored. */
export function BacktestPanel({ form, pool }: { readonly form: PolicyForm; readonly pool: string }) {
  const [source, setSource] = useState<string>('1');
  const [given, setGiven] = useState<GivenText>(NOTHING_GIVEN);
  const pasted = useGivenSeries(given);
  const series: BacktestSeries | null = source === 'given' ? pasted.series : { kind: 'recorded', days: Number(source) };
  const state = useBacktest({ pool, generation: form.base.generation, policy: form.policy, series });
  const missing = form.policy === null ? 'waits until the fields are right' : series === null ? 'waits for a series' : null;
  return (
    <Panel title="What it would have done" note="the form against the active policy">
      <Stack gap="sm">
        <Group justify="space-between">
          <SegmentedControl aria-label="Load to judge by" value={source} onChange={setSource} data={[...SOURCES]} />
          <span className={classes['status']} role="status">{statusWords(state, missing)}{state.pending && missing === null && <Loader size={10} aria-hidden ml={6} />}</span>
        </Group>
        <div className={classes['answer']} data-pending={state.pending || missing !== null || undefined}>
          <BacktestFigures answer={state.answer} />
          <BacktestSizes answer={state.answer} />
        </div>
        {source === 'given' && <GivenFields given={given} fault={pasted.fault} onChange={setGiven} />}
        {state.problem !== null && (isUnrecorded(state.problem)
          ? <Note tone="notice" title="Nothing to judge by yet"><p>No load of this cluster was recorded in that time. A minute after it was connected there is some; meanwhile a series of your own does.</p></Note>
          : <ProblemAlert problem={state.problem} title="It could not be tried out" />)}
        <div className={classes['warnings']}>
          {state.answer?.warnings.map(({ code, message }) => (
            <Note key={code} tone={code === 'worse-over-capacity' || code === 'acts-at-once' ? 'warning' : 'notice'} title={WARNING_TITLES[code]}><p>{message}</p></Note>
          ))}
        </div>
      </Stack>
    </Panel>
  );
}

const WARNING_TITLES = {
  'worse-over-capacity': 'Worse than the active policy',
  'rules-left-out': 'Not all rules were tried',
  'acts-at-once': 'Saving it acts at once',
  'short-history': 'A short history',
  'gaps': 'Gaps in the series',
} as const;

function statusWords({ answer, pending, problem }: BacktestState, missing: string | null): string {
  if (missing !== null) return missing;
  if (pending) return answer === null ? 'trying it out' : 'trying it again';
  return problem !== null ? 'not tried out' : 'up to date';
}

/** A cluster that was connected just now is no failure. */
function isUnrecorded(problem: ApiProblem): boolean {
  return !problem.lost && (problem.refusals ?? []).some(({ constraint }) => constraint === 'stale-observation');
}

interface GivenText {
  readonly text: string;
  readonly column: string;
  readonly stepSeconds: number | string;
  readonly metric: string;
  readonly unit: 'scaled' | 'nodes';
}

const NOTHING_GIVEN: GivenText = { text: '', column: '', stepSeconds: 300, metric: 'cpu', unit: 'scaled' };
const PARSE_AFTER_MS = 250;

/** The text as a series that ends now; parsed when it has come to rest, so that typing is never held up. */
function useGivenSeries(given: GivenText): { readonly series: BacktestSeries | null; readonly fault: string | null } {
  const [asked] = useDebouncedValue(given, PARSE_AFTER_MS);
  const nowMs = useRoundedNow(3_600_000);
  return useMemo(() => {
    if (asked.text.trim() === '') return { series: null, fault: null };
    const parsed = parseSeries(asked.text, asked.column.trim());
    if (!parsed.ok) return { series: null, fault: parsed.message };
    const { values } = parsed.value;
    const stepSeconds = Number(asked.stepSeconds);
    if (!Number.isInteger(stepSeconds) || stepSeconds < 1 || stepSeconds > 86_400) return { series: null, fault: 'The step is 1 to 86,400 whole seconds' };
    const metric = SCALING_METRICS.find((known) => known === asked.metric) ?? 'cpu';
    return { series: { kind: 'given', metric, unit: asked.unit, stepSeconds, startMs: Math.max(0, nowMs - values.length * stepSeconds * 1_000), values: [...values] }, fault: null };
  }, [asked, nowMs]);
}

function GivenFields({ given, fault, onChange }: { readonly given: GivenText; readonly fault: string | null; readonly onChange: (given: GivenText) => void }) {
  return (
    <Stack gap="xs">
      <Textarea label="Series" description="One value a line, or a CSV with a head; empty cells are gaps" value={given.text} error={fault} autosize minRows={2} maxRows={3} onChange={(event) => { onChange({ ...given, text: event.currentTarget.value }); }} />
      <Group gap="xs">
        <FileButton accept=".csv,.tsv,.txt,text/csv,text/plain" onChange={(file) => { if (file !== null) void file.text().then((text) => { onChange({ ...given, text }); }); }}>
          {(props) => <Button variant="default" {...props}>Open a file</Button>}
        </FileButton>
        <NativeSelect
          aria-label="A made-up series" value=""
          data={[{ value: '', label: 'Or a made-up series' }, ...EXAMPLE_SERIES.map(({ name, label }) => ({ value: name, label }))]}
          onChange={({ currentTarget: { value } }) => {
            const example = EXAMPLE_SERIES.find(({ name }) => name === value);
            if (example !== undefined) onChange({ ...given, text: exampleText(example), column: '', stepSeconds: EXAMPLE_STEP_SECONDS, unit: 'scaled' });
          }}
        />
      </Group>
      <SimpleGrid cols={{ base: 2, xs: 4 }} spacing="xs">
        <TextInput label="Column" placeholder="the last" value={given.column} onChange={(event) => { onChange({ ...given, column: event.currentTarget.value }); }} />
        <NumberInput label="Step" suffix=" s" value={given.stepSeconds} onChange={(stepSeconds) => { onChange({ ...given, stepSeconds }); }} />
        <NativeSelect label="As" data={[...METRIC_CHOICES]} value={given.metric} onChange={(event) => { onChange({ ...given, metric: event.currentTarget.value }); }} />
        <NativeSelect label="Unit" data={[{ value: 'scaled', label: 'any, scaled' }, { value: 'nodes', label: 'nodes of load' }]} value={given.unit} onChange={(event) => { onChange({ ...given, unit: event.currentTarget.value === 'nodes' ? 'nodes' : 'scaled' }); }} />
      </SimpleGrid>
    </Stack>
  );
}
