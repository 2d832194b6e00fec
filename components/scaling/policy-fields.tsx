'use client';

import { Radio, SimpleGrid, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { Fold } from '@/components/ui/fold';
import { Panel } from '@/components/ui/panel';
import { plural } from '@/lib/client/format';
import { textAt } from './policy-draft';
import { PolicyNumber, PolicySwitch, PolicyText } from './policy-inputs';
import { MODES } from './policy-words';
import { RuleFields } from './rule-fields';
import { AllowedHours, ScheduleFields } from './schedule-fields';
import { errorAt, errorsBelow, type PolicyForm } from './use-policy-form';
import classes from './policy.module.css';

const GRID = { base: 1, xs: 2 } as const;

/** Every field of a policy, those that are changed often first. */
export function PolicyFields({ form }: { readonly form: PolicyForm }) {
  return (
    <>
      <Panel title="Mode">
        <Stack gap="md">
          <PolicyText form={form} path={['name']} label="Name of the policy" />
          <Radio.Group label="Mode" value={textAt(form.draft, ['mode'])} error={errorAt(form, ['mode'])} onChange={(value) => { form.set(['mode'], value); }}>
            <SimpleGrid cols={GRID} spacing="xs" verticalSpacing="xs" mt={6}>{MODES.map(({ value, label, about }) => <Radio key={value} value={value} label={label} description={about} />)}</SimpleGrid>
          </Radio.Group>
        </Stack>
      </Panel>
      <Panel title="Rules"><RuleFields form={form} /></Panel>
      <Panel title="Bounds and pace">
        <Stack gap="md">
          <SimpleGrid cols={{ base: 2, xs: 4 }} spacing="sm">
            <PolicyNumber form={form} path={['bounds', 'nodeCountMin']} label="Fewest nodes" />
            <PolicyNumber form={form} path={['bounds', 'nodeCountMax']} label="Most nodes" />
            <PolicyNumber form={form} path={['bounds', 'multipleOf']} label="In multiples of" />
            <PolicyNumber form={form} path={['intervalMs']} label="Evaluated every" />
          </SimpleGrid>
          <Part form={form} title="When it grows" note="window, step limit" prefixes={['out']}>
            <SimpleGrid cols={GRID} spacing="sm" verticalSpacing="sm">
              <PolicyNumber form={form} path={['out', 'stabilizationMs']} label="Window for growing" about="Takes the lowest need of it" />
              <StepFields form={form} direction="out" />
            </SimpleGrid>
          </Part>
          <Part form={form} title="When it shrinks" note="window, step limit, cooldown, allowed times" prefixes={['in']}>
            <Stack gap="sm">
              <SimpleGrid cols={GRID} spacing="sm" verticalSpacing="sm">
                <PolicyNumber form={form} path={['in', 'stabilizationMs']} label="Window for shrinking" about="Takes the highest need of it" />
                <StepFields form={form} direction="in" />
                <PolicyNumber form={form} path={['in', 'cooldownMs']} label="Cooldown" about="From the end of the last rebalance or drain" />
                <PolicyNumber form={form} path={['in', 'reversalsPerDayMax']} label="Reversals per day, at most" about="Then nothing shrinks any more" />
                <PolicyNumber form={form} path={['in', 'paybackMs']} label="Free for at least" about="By the forecast, or moving the data does not pay" />
              </SimpleGrid>
              <AllowedHours form={form} />
            </Stack>
          </Part>
          <Part form={form} title="Lines" note="no node may be above them" prefixes={['lines']}>
            <SimpleGrid cols={{ base: 2, xs: 4 }} spacing="sm">
              {(['cpu', 'memory', 'disk', 'network'] as const).map((resource) => <PolicyNumber key={resource} form={form} path={['lines', resource]} label={`${resource === 'cpu' ? 'CPU' : resource.charAt(0).toUpperCase() + resource.slice(1)} line`} />)}
            </SimpleGrid>
          </Part>
        </Stack>
      </Panel>
      <Panel title="Schedules" note="floors, ceilings and reserves at set times"><ScheduleFields form={form} /></Panel>
      <Panel title="Prediction and approval"><PredictionFields form={form} /></Panel>
    </>
  );
}

function StepFields({ form, direction }: { readonly form: PolicyForm; readonly direction: 'out' | 'in' }) {
  const verb = direction === 'out' ? 'Growth' : 'Shrinking';
  return (
    <>
      <PolicyNumber form={form} path={[direction, 'step', 'nodes']} label={`${verb}: nodes at most`} about="In the time below" />
      <PolicyNumber form={form} path={[direction, 'step', 'percent']} label={`${verb}: or of the pool`} about="Whichever is more" />
      <PolicyNumber form={form} path={[direction, 'step', 'periodMs']} label={`${verb}: in any`} about="Counted over any stretch so long" />
    </>
  );
}

/** A part that is shut until asked for, and says so when something inside is wrong. */
function Part({ form, title, note, prefixes, children }: { readonly form: PolicyForm; readonly title: string; readonly note: string; readonly prefixes: readonly string[]; readonly children: ReactNode }) {
  const wrong = errorsBelow(form, prefixes);
  return <Fold title={title} note={wrong === 0 ? note : <span className={classes['error']}>{plural(wrong, 'field')} to mend</span>}>{children}</Fold>;
}

function PredictionFields({ form }: { readonly form: PolicyForm }) {
  return (
    <Stack gap="md">
      <PolicySwitch form={form} path={['prediction', 'enabled']} label="Order nodes ahead of need" about="It never takes a node away by itself, and switches itself off where it is not right often enough." />
      <Part form={form} title="How prediction is judged" note="band, coverage, horizon" prefixes={['prediction']}>
        <SimpleGrid cols={GRID} spacing="sm" verticalSpacing="sm">
          <PolicyNumber form={form} path={['prediction', 'quantile']} label="Band covers" about="This share of outcomes stays under it" />
          <PolicyNumber form={form} path={['prediction', 'coverageMin']} label="Off below" about="Measured share under the band" />
          <PolicyNumber form={form} path={['prediction', 'horizonMs']} label="Looks ahead" about="Or the lead time, where that is longer" />
          <PolicyNumber form={form} path={['prediction', 'sizeAheadMs']} label="Sizes for the next" about="So that a ramp is one move and not ten" />
          <PolicyNumber form={form} path={['prediction', 'outTolerance']} label="Adds a node when over by" />
        </SimpleGrid>
      </Part>
      <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="sm" verticalSpacing="sm">
        <PolicyNumber form={form} path={['approval', 'out', 'fromNodes']} label="Ask before adding" about="From so many nodes; empty: never" optional />
        <PolicyNumber form={form} path={['approval', 'in', 'fromNodes']} label="Ask before removing" about="From so many nodes; empty: never" optional />
        <PolicyNumber form={form} path={['approval', 'expiresAfterMs']} label="A proposal expires after" about="And is checked again when approved" />
      </SimpleGrid>
    </Stack>
  );
}
