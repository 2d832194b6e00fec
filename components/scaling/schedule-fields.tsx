'use client';

import { Button, Checkbox, Group, Menu, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useNow } from '@/components/realtime/use-live-store';
import { TimeText } from '@/components/ui/time-text';
import { useZone } from '@/components/ui/zone-provider';
import { formatDateTime } from '@/lib/client/format-time';
import { nextFirings } from './next-firings';
import { listAt, numberAt, textAt, type DraftValue, type Path } from './policy-draft';
import { PolicyNumber, PolicyText } from './policy-inputs';
import { DAY_NAMES } from './policy-words';
import { errorAt, type PolicyForm } from './use-policy-form';
import classes from './policy.module.css';

const HOUR_MS = 3_600_000;
const KIND_WORDS = { weekly: 'Every week', cron: 'Cron pattern', once: 'Once' } as const;
type Kind = keyof typeof KIND_WORDS;

/** Times at which other bounds hold, each with when it applies next. */
export function ScheduleFields({ form }: { readonly form: PolicyForm }) {
  const nowMs = useNow();
  const schedules = listAt(form.draft, ['schedules']);
  const add = (kind: Kind) => { form.set(['schedules'], [...schedules, newSchedule(kind, schedules, nowMs)]); };
  return (
    <Stack gap="md">
      {schedules.length === 0 && <p className={classes['dim']}>None. A schedule keeps a floor under the pool, a ceiling over it, or a reserve on top, at set times.</p>}
      {schedules.map((schedule, index) => (
        <ScheduleBox key={index} form={form} schedule={schedule} index={index} nowMs={nowMs} onRemove={() => { form.set(['schedules'], schedules.filter((_, at) => at !== index)); }} />
      ))}
      {errorAt(form, ['schedules']) !== undefined && <p className={classes['error']} role="alert">{errorAt(form, ['schedules'])}</p>}
      <div>
        <Menu>
          <Menu.Target><Button variant="default" leftSection={<IconPlus size={14} aria-hidden />}>Add a schedule</Button></Menu.Target>
          <Menu.Dropdown>{(Object.keys(KIND_WORDS) as Kind[]).map((kind) => <Menu.Item key={kind} onClick={() => { add(kind); }}>{KIND_WORDS[kind]}</Menu.Item>)}</Menu.Dropdown>
        </Menu>
      </div>
    </Stack>
  );
}

function viewerZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function newSchedule(kind: Kind, others: readonly DraftValue[], nowMs: number): DraftValue {
  const taken = new Set(others.map((other) => textAt(other, ['id'])));
  let number = 1;
  while (taken.has(`${kind}-${number}`)) number += 1;
  const effect = { id: `${kind}-${number}`, floor: null, ceiling: null, reserve: 1 };
  const fromMs = Math.ceil(nowMs / HOUR_MS) * HOUR_MS;
  switch (kind) {
    case 'weekly': return { kind, ...effect, days: [1, 2, 3, 4, 5], from: '08:00', to: '18:00', timeZone: viewerZone() };
    case 'cron': return { kind, ...effect, cron: '0 8 * * 1-5', durationMs: HOUR_MS, timeZone: viewerZone() };
    case 'once': return { kind, ...effect, fromMs, toMs: fromMs + HOUR_MS };
  }
}

interface BoxProps {
  readonly form: PolicyForm;
  readonly schedule: DraftValue;
  readonly index: number;
  readonly nowMs: number;
  readonly onRemove: () => void;
}

function ScheduleBox({ form, schedule, index, nowMs, onRemove }: BoxProps) {
  const at = (...path: (string | number)[]): Path => ['schedules', index, ...path];
  const kind = textAt(schedule, ['kind']);
  return (
    <fieldset className={classes['box']}>
      <legend className={classes['legend']}>{kind === 'weekly' || kind === 'cron' || kind === 'once' ? KIND_WORDS[kind] : kind}</legend>
      <Stack gap="sm">
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" verticalSpacing="sm">
          <PolicyText form={form} path={at('id')} label="Name of the schedule" />
          {kind !== 'once' && <PolicyText form={form} path={at('timeZone')} label="Time zone" placeholder="Europe/Berlin" />}
          {kind === 'weekly' && <PolicyText form={form} path={at('from')} label="From" placeholder="08:00" />}
          {kind === 'weekly' && <PolicyText form={form} path={at('to')} label="To" placeholder="18:00" />}
          {kind === 'cron' && <PolicyText form={form} path={at('cron')} label="Pattern" about="minute hour day month weekday" />}
          {kind === 'cron' && <PolicyNumber form={form} path={at('durationMs')} label="Lasts" />}
          {kind === 'once' && <MomentField form={form} path={at('fromMs')} label="From" />}
          {kind === 'once' && <MomentField form={form} path={at('toMs')} label="To" />}
        </SimpleGrid>
        {kind === 'weekly' && <DaysField form={form} path={at('days')} name={textAt(schedule, ['id'])} />}
        <SimpleGrid cols={3} spacing="sm">
          <PolicyNumber form={form} path={at('floor')} label="Floor" optional />
          <PolicyNumber form={form} path={at('ceiling')} label="Ceiling" optional />
          <PolicyNumber form={form} path={at('reserve')} label="Reserve" />
        </SimpleGrid>
        <Firings schedule={schedule} nowMs={nowMs} />
        <Group justify="flex-end"><Button variant="subtle" color="gray" leftSection={<IconTrash size={14} aria-hidden />} onClick={onRemove} aria-label={`Remove the schedule ${textAt(schedule, ['id'])}`}>Remove</Button></Group>
      </Stack>
    </fieldset>
  );
}

/** Of what the fields say now, in the viewer's zone. */
function Firings({ schedule, nowMs }: { readonly schedule: DraftValue; readonly nowMs: number }) {
  const { zone } = useZone();
  const minute = Math.floor(nowMs / 60_000) * 60_000;
  const firings = nowMs === 0 ? null : nextFirings(schedule, minute);
  if (firings === null) return <p className={classes['dim']}>Next: said once the fields above are right.</p>;
  if (firings.length === 0) return <p className={classes['dim']}>It does not apply again.</p>;
  return <p className={classes['dim']}>Next: {firings.map((atMs, at) => <span key={atMs}>{at > 0 && ', '}<TimeText atMs={atMs} /></span>)} <span className="ps-visually-hidden">in your zone, {zone}</span></p>;
}

function DaysField({ form, path, name }: { readonly form: PolicyForm; readonly path: Path; readonly name: string }) {
  const days = listAt(form.draft, path).map(String);
  return (
    <Checkbox.Group label="Days" aria-label={`Days of ${name}`} value={days} error={errorAt(form, path)} onChange={(value) => { form.set(path, value.map(Number).sort()); }}>
      <Group gap="sm" mt={4}>{DAY_NAMES.map((label, day) => <Checkbox key={label} value={String(day)} label={label} />)}</Group>
    </Checkbox.Group>
  );
}

/** A moment by the clock of the browser, which is what a date field speaks. */
function MomentField({ form, path, label }: { readonly form: PolicyForm; readonly path: Path; readonly label: string }) {
  const value = numberAt(form.draft, path);
  return (
    <TextInput
      type="datetime-local" label={label} error={errorAt(form, path)} value={value === null ? '' : localText(value)}
      {...(value !== null && { description: formatDateTime(value, 'viewer') })} inputWrapperOrder={['label', 'description', 'input', 'error']}
      onChange={(event) => {
        const atMs = new Date(event.currentTarget.value).getTime();
        form.set(path, Number.isNaN(atMs) ? '' : atMs);
      }}
    />
  );
}

function localText(atMs: number): string {
  const date = new Date(atMs);
  return new Date(atMs - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Hours in which the pool may shrink; none given = at any time. */
export function AllowedHours({ form }: { readonly form: PolicyForm }) {
  const path: Path = ['in', 'allowed'];
  const allowed = listAt(form.draft, path);
  return (
    <Stack gap="sm">
      <p className={classes['dim']}>{allowed.length === 0 ? 'It may shrink at any time.' : 'It shrinks only inside these hours.'}</p>
      {allowed.map((_, index) => (
        <fieldset key={index} className={classes['box']}>
          <legend className={classes['legend']}>Allowed hours {index + 1}</legend>
          <Stack gap="sm">
            <DaysField form={form} path={[...path, index, 'days']} name={`allowed hours ${index + 1}`} />
            <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="sm" verticalSpacing="sm">
              <PolicyNumber form={form} path={[...path, index, 'fromHour']} label="From hour" />
              <PolicyNumber form={form} path={[...path, index, 'toHour']} label="To hour" />
              <PolicyText form={form} path={[...path, index, 'timeZone']} label="Time zone" />
            </SimpleGrid>
            <Group justify="flex-end"><Button variant="subtle" color="gray" leftSection={<IconTrash size={14} aria-hidden />} onClick={() => { form.set(path, allowed.filter((__, at) => at !== index)); }} aria-label={`Remove allowed hours ${index + 1}`}>Remove</Button></Group>
          </Stack>
        </fieldset>
      ))}
      <div><Button variant="default" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => { form.set(path, [...allowed, { days: [1, 2, 3, 4, 5], fromHour: 20, toHour: 24, timeZone: viewerZone() }]); }}>Add allowed hours</Button></div>
    </Stack>
  );
}
