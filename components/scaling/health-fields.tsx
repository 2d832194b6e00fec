import { Radio, Stack } from '@mantine/core';
import { Panel } from '@/components/ui/panel';
import { formatDuration } from '@/lib/client/format';
import { HEALTH_DEFAULTS, HEALTH_RANGES } from '@/lib/contract/vocabulary';
import { NumberField, type SettingsFormOf } from './settings-fields';

type HealthKey = keyof typeof HEALTH_RANGES;

/** Each limit with the reason for its default: who changes one should know what it was for. */
const FIELDS: readonly { readonly key: HealthKey; readonly label: string; readonly unit?: string; readonly why: string }[] = [
  {
    key: 'suspectAfterMissed', label: 'Suspect after', unit: 'missed in a row',
    why: 'Suspicion costs nothing and starts the probes, so it is quick. One lost beat is common on a bad network, three in a row are not.',
  },
  {
    key: 'unreachableAfterMs', label: 'Unreachable after', unit: 's',
    why: 'Of silence, and only if a probe over a fresh connection fails as well. Long enough for a collection or a short stall, short enough to call somebody.',
  },
  {
    key: 'deadAfterMs', label: 'Dead after', unit: 's',
    why: 'Repair may start then, and repair moves data: a reboot should be over by this time. Raise it where nodes take long to come back.',
  },
  {
    key: 'phiThreshold', label: 'Suspicion level (phi)',
    why: 'How unlikely a silence must be, by the node\'s own rhythm, before the rhythm no longer excuses it: 8 is one in a hundred million.',
  },
  {
    key: 'patienceMax', label: 'Patience', unit: 'times',
    why: 'How many times longer than set the time-out of an irregular node may become. 1 treats all nodes alike.',
  },
];

export function HealthFields({ form }: { readonly form: SettingsFormOf }) {
  return (
    <Panel title="Liveness and membership" note="when a silent node is believed to be what, and what is done about it">
      <Stack gap="md">
        {FIELDS.map(({ key, label, unit, why }) => (
          <NumberField key={key} form={form} path={`health.${key}`} label={label} {...(unit !== undefined && { unit })} about={`${rangeWords(key)}. ${why}`} />
        ))}
        <Radio.Group label="Repair of dead nodes" key={form.key('health.repair')} {...form.getInputProps('health.repair')}>
          <Stack gap="xs" mt={6}>
            <Radio value="automatic" label="Automatic" description="Secondaries that have every acknowledged write take over, and the copies are made again. What only the dead node has is left alone." />
            <Radio value="manual" label="Manual" description="A person presses Repair or Replace on the node's page." />
          </Stack>
        </Radio.Group>
        <Radio.Group label="New nodes" description="That were found by a name, or enrolled without a token that accepts them" key={form.key('membership.acceptNewNodes')} {...form.getInputProps('membership.acceptNewNodes')}>
          <Stack gap="xs" mt={6}>
            <Radio value="by-hand" label="Accept by hand" description="They are shown as joining and own nothing until somebody presses Accept." />
            <Radio value="automatically" label="Accept automatically" description="They become members as soon as they answer, empty." />
          </Stack>
        </Radio.Group>
      </Stack>
    </Panel>
  );
}

/** "Default 15 s, 1 s to 10 min". */
function rangeWords(key: HealthKey): string {
  const print = (value: number) => (key.endsWith('Ms') ? formatDuration(value) : String(value));
  const { min, max } = HEALTH_RANGES[key];
  return `Default ${print(HEALTH_DEFAULTS[key])}, ${print(min)} to ${print(max)}`;
}
