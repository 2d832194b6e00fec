'use client';

import { NumberInput, SegmentedControl, SimpleGrid } from '@mantine/core';
import { formatByteRate, plural } from '@/lib/client/format';
import type { Throttle } from '@/lib/contract/settings';
import { THROTTLE_PRESETS } from '@/lib/contract/vocabulary';
import classes from './operations.module.css';

interface ThrottleFieldsProps {
  readonly value: Throttle;
  readonly onChange: (throttle: Throttle) => void;
}

type Preset = keyof typeof THROTTLE_PRESETS | 'custom';
const MIB = 1024 * 1024;

export function presetOf(throttle: Throttle): Preset {
  for (const [name, preset] of Object.entries(THROTTLE_PRESETS) as [keyof typeof THROTTLE_PRESETS, Throttle][]) {
    if (preset.movesInFlightMax === throttle.movesInFlightMax && preset.movesPerNodeMax === throttle.movesPerNodeMax && preset.bytesPerSecondMax === throttle.bytesPerSecondMax) return name;
  }
  return 'custom';
}

/** "Default: 16 moves at once, 8 per node, 256 MiB/s". */
export function throttleWords(throttle: Throttle): string {
  const preset = presetOf(throttle);
  const rate = throttle.bytesPerSecondMax === null ? 'no bandwidth limit' : formatByteRate(throttle.bytesPerSecondMax);
  return `${preset[0]?.toUpperCase() ?? ''}${preset.slice(1)}: ${plural(throttle.movesInFlightMax, 'move')} at once, ${throttle.movesPerNodeMax} per node, ${rate}`;
}

/** How gently data moves: a preset, or numbers of one's own. */
export function ThrottleFields({ value, onChange }: ThrottleFieldsProps) {
  const preset = presetOf(value);
  const whole = (change: (number: number) => Partial<Throttle>) => (entered: number | string) => {
    if (typeof entered === 'number' && Number.isInteger(entered)) onChange({ ...value, ...change(entered) });
  };
  return (
    <fieldset className={classes['fieldset']}>
      <legend className={classes['label']}>Limits</legend>
      <SegmentedControl
        fullWidth aria-label="Limits" value={preset}
        onChange={(chosen) => { if (chosen !== 'custom') onChange(THROTTLE_PRESETS[chosen]); }}
        data={[{ value: 'low', label: 'Low' }, { value: 'default', label: 'Default' }, { value: 'high', label: 'High' }, { value: 'custom', label: 'Custom', disabled: preset !== 'custom' }]}
      />
      <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="xs" mt="xs">
        <NumberInput label="Moves at once" min={1} max={256} value={value.movesInFlightMax} onChange={whole((movesInFlightMax) => ({ movesInFlightMax, movesPerNodeMax: Math.min(value.movesPerNodeMax, movesInFlightMax) }))} />
        <NumberInput label="Per node" min={1} max={Math.min(64, value.movesInFlightMax)} value={value.movesPerNodeMax} onChange={whole((movesPerNodeMax) => ({ movesPerNodeMax }))} />
        <NumberInput
          label="MiB per second" placeholder="No limit" min={1} max={900_000} value={value.bytesPerSecondMax === null ? '' : Math.round(value.bytesPerSecondMax / MIB)}
          onChange={(entered) => { onChange({ ...value, bytesPerSecondMax: typeof entered === 'number' ? Math.max(65_536, Math.round(entered * MIB)) : null }); }}
        />
      </SimpleGrid>
    </fieldset>
  );
}
