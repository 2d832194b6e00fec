'use client';

import { Button, Group, Menu, SimpleGrid, Stack, Switch } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import type { DraftValue, Path } from './policy-draft';
import { listAt, numberAt, textAt, valueAt } from './policy-draft';
import { PolicyChoice, PolicyNumber, PolicyText } from './policy-inputs';
import { isUtilization, metricOfRule } from './policy-units';
import { AGGREGATE_CHOICES, METRIC_CHOICES, RULE_WORDS } from './policy-words';
import { errorAt, type PolicyForm } from './use-policy-form';
import classes from './policy.module.css';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** What a new rule of a kind begins with. */
const NEW_RULES: Readonly<Record<keyof typeof RULE_WORDS, Readonly<Record<string, DraftValue>>>> = {
  'target': { metric: 'cpu', aggregate: 'mean', target: 0.65, outTolerance: 0.08, inTolerance: 0.15 },
  'threshold': { metric: 'cpu', aggregate: 'max', out: { above: 0.75, durationMs: 5 * MINUTE_MS, nodes: 1 }, in: { below: 0.4, shortWindowMs: 15 * MINUTE_MS, longWindowMs: 2 * HOUR_MS, nodes: 1 } },
  'steps': { metric: 'cpu', aggregate: 'mean', line: 0.7, durationMs: 2 * MINUTE_MS, steps: [{ distance: 0, nodes: 1 }, { distance: 0.2, nodes: 3 }], in: null },
  'disk-projection': { line: 0.85, trendMs: 24 * HOUR_MS, horizonMs: 7 * 24 * HOUR_MS },
};

/** The rules: any may grow the pool, all must agree to shrink it. */
export function RuleFields({ form }: { readonly form: PolicyForm }) {
  const rules = listAt(form.draft, ['rules']);
  const add = (kind: keyof typeof RULE_WORDS) => { form.set(['rules'], [...rules, { kind, id: freshId(kind, rules), ...NEW_RULES[kind] }]); };
  const remove = (index: number) => { form.set(['rules'], rules.filter((_, at) => at !== index)); };
  return (
    <Stack gap="md">
      <p className={classes['dim']}>Any rule may add nodes; all must agree before one is taken away.</p>
      {rules.length === 0 && <p className={classes['text']}>No rule: only schedules, overrides and bounds decide.</p>}
      {rules.map((_, index) => <RuleBox key={index} form={form} index={index} onRemove={() => { remove(index); }} />)}
      {errorAt(form, ['rules']) !== undefined && <p className={classes['error']} role="alert">{errorAt(form, ['rules'])}</p>}
      <div>
        <Menu>
          <Menu.Target><Button variant="default" leftSection={<IconPlus size={14} aria-hidden />}>Add a rule</Button></Menu.Target>
          <Menu.Dropdown>{(Object.keys(RULE_WORDS) as (keyof typeof RULE_WORDS)[]).map((kind) => <Menu.Item key={kind} onClick={() => { add(kind); }}>{RULE_WORDS[kind]}</Menu.Item>)}</Menu.Dropdown>
        </Menu>
      </div>
    </Stack>
  );
}

function freshId(kind: string, rules: readonly DraftValue[]): string {
  const taken = new Set(rules.map((rule) => textAt(rule, ['id'])));
  for (let number = 1; ; number += 1) if (!taken.has(`${kind}-${number}`)) return `${kind}-${number}`;
}

function RuleBox({ form, index, onRemove }: { readonly form: PolicyForm; readonly index: number; readonly onRemove: () => void }) {
  const at = (...path: (string | number)[]): Path => ['rules', index, ...path];
  const kind = textAt(form.draft, at('kind'));
  const id = textAt(form.draft, at('id'));
  const words = kind === 'target' || kind === 'threshold' || kind === 'steps' || kind === 'disk-projection' ? RULE_WORDS[kind] : kind;
  return (
    <fieldset className={classes['box']}>
      <legend className={classes['legend']}>{words}</legend>
      <Stack gap="sm">
        <SimpleGrid cols={kind === 'disk-projection' ? { base: 1, xs: 2 } : { base: 1, xs: 3 }} spacing="sm" verticalSpacing="sm">
          <PolicyText form={form} path={at('id')} label="Name of the rule" />
          {kind !== 'disk-projection' && <PolicyChoice form={form} path={at('metric')} label="Metric" data={METRIC_CHOICES} />}
          {kind !== 'disk-projection' && <PolicyChoice form={form} path={at('aggregate')} label="Over the nodes" data={AGGREGATE_CHOICES} />}
        </SimpleGrid>
        {kind === 'target' && <TargetFields form={form} at={at} />}
        {kind === 'threshold' && <ThresholdFields form={form} at={at} index={index} />}
        {kind === 'steps' && <StepsFields form={form} at={at} index={index} />}
        {kind === 'disk-projection' && (
          <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="sm" verticalSpacing="sm">
            <PolicyNumber form={form} path={at('line')} label="Disk line" about="Full beyond it" />
            <PolicyNumber form={form} path={at('trendMs')} label="Trend of the last" />
            <PolicyNumber form={form} path={at('horizonMs')} label="Crossed within" />
          </SimpleGrid>
        )}
        <Group justify="flex-end"><Button variant="subtle" color="gray" leftSection={<IconTrash size={14} aria-hidden />} onClick={onRemove} aria-label={`Remove the rule ${id}`}>Remove</Button></Group>
      </Stack>
    </fieldset>
  );
}

interface PartProps {
  readonly form: PolicyForm;
  readonly at: (...path: (string | number)[]) => Path;
}

function TargetFields({ form, at }: PartProps) {
  return (
    <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="sm" verticalSpacing="sm">
      <PolicyNumber form={form} path={at('target')} label="Target" about="Held by the node count" />
      <PolicyNumber form={form} path={at('outTolerance')} label="Grow beyond" about="So far over the target" />
      <PolicyNumber form={form} path={at('inTolerance')} label="Shrink only if" about="So far under it after" />
    </SimpleGrid>
  );
}

/** What a new line that takes nodes away begins with: half of the one that adds. */
function newIn(form: PolicyForm, line: Path, index: number): number {
  const half = (numberAt(form.draft, line) ?? 0) / 2;
  return isUtilization(metricOfRule(form.draft, index)) ? Math.max(0.05, Math.round(half * 100) / 100) : Math.max(1, half);
}

function ThresholdFields({ form, at, index }: PartProps & { readonly index: number }) {
  const shrinks = valueAt(form.draft, at('in')) !== null;
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="sm" verticalSpacing="sm">
        <PolicyNumber form={form} path={at('out', 'above')} label="Add when above" />
        <PolicyNumber form={form} path={at('out', 'durationMs')} label="For" />
        <PolicyNumber form={form} path={at('out', 'nodes')} label="Nodes added" />
      </SimpleGrid>
      <Switch label="May take nodes away" checked={shrinks} onChange={(event) => { form.set(at('in'), event.currentTarget.checked ? { below: newIn(form, at('out', 'above'), index), shortWindowMs: 15 * MINUTE_MS, longWindowMs: 2 * HOUR_MS, nodes: 1 } : null); }} />
      {shrinks && (
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" verticalSpacing="sm">
          <PolicyNumber form={form} path={at('in', 'below')} label="Take away when below" />
          <PolicyNumber form={form} path={at('in', 'nodes')} label="Nodes taken away" />
          <PolicyNumber form={form} path={at('in', 'shortWindowMs')} label="All through the last" />
          <PolicyNumber form={form} path={at('in', 'longWindowMs')} label="And on average over" />
        </SimpleGrid>
      )}
    </>
  );
}

function StepsFields({ form, at, index }: PartProps & { readonly index: number }) {
  const steps = listAt(form.draft, at('steps'));
  const shrinks = valueAt(form.draft, at('in')) !== null;
  const last = numberAt(steps.at(-1) ?? null, ['distance']) ?? 0;
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" verticalSpacing="sm">
        <PolicyNumber form={form} path={at('line')} label="Line" />
        <PolicyNumber form={form} path={at('durationMs')} label="Above it for" />
      </SimpleGrid>
      {steps.map((_, step) => (
        <Group key={step} gap="sm" align="flex-start" wrap="nowrap">
          <PolicyNumber form={form} path={at('steps', step, 'distance')} label={`Step ${step + 1}: beyond the line by`} />
          <PolicyNumber form={form} path={at('steps', step, 'nodes')} label="Nodes added" />
          <Button mt={22} variant="subtle" color="gray" aria-label={`Remove step ${step + 1}`} disabled={steps.length === 1} onClick={() => { form.set(at('steps'), steps.filter((__, other) => other !== step)); }}><IconTrash size={14} aria-hidden /></Button>
        </Group>
      ))}
      {errorAt(form, at('steps')) !== undefined && <p className={classes['error']} role="alert">{errorAt(form, at('steps'))}</p>}
      <Group gap="sm">
        <Button variant="default" onClick={() => { form.set(at('steps'), [...steps, { distance: Math.round((last + 0.2) * 100) / 100, nodes: 1 }]); }}>Add a step</Button>
        <Switch label="May take nodes away" checked={shrinks} onChange={(event) => { form.set(at('in'), event.currentTarget.checked ? { below: newIn(form, at('line'), index), windowMs: HOUR_MS, nodes: 1 } : null); }} />
      </Group>
      {shrinks && (
        <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="sm" verticalSpacing="sm">
          <PolicyNumber form={form} path={at('in', 'below')} label="Take away when below" />
          <PolicyNumber form={form} path={at('in', 'windowMs')} label="For" />
          <PolicyNumber form={form} path={at('in', 'nodes')} label="Nodes taken away" />
        </SimpleGrid>
      )}
    </>
  );
}
