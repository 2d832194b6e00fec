'use client';

import { Button, Group, NumberInput, Popover, SegmentedControl, SimpleGrid } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useApi } from '@/components/realtime/live-provider';
import { useWriteAllowed } from '@/components/realtime/use-cluster';
import { ProblemAlert } from '@/components/ui/problem-alert';
import { WriteButton } from '@/components/ui/write-button';
import { toApiProblem } from '@/lib/client/api-problem';
import type { Operation } from '@/lib/contract/operation';
import { THROTTLE_PRESETS } from '@/lib/contract/vocabulary';
import { enteredOf, readThrottle, type EnteredThrottle } from './entered-throttle';
import { presetOf, throttleWords } from './throttle-fields';

/** New limits for a running operation; they hold from the next batch on. */
export function ChangeThrottle({ operation }: { readonly operation: Operation }) {
  const api = useApi();
  const write = useWriteAllowed();
  const [opened, popover] = useDisclosure(false);
  const [entered, setEntered] = useState(() => enteredOf(operation.throttle));
  const change = useMutation(api.operations.throttle.mutationOptions({ onSuccess: popover.close }));
  const { throttle, problems } = readThrottle(entered);
  return (
    <Popover opened={opened} onChange={popover.toggle} width="min(30rem, 92vw)" position="bottom-start" withArrow trapFocus>
      <Popover.Target>
        <Button variant="default" size="xs" onClick={() => { setEntered(enteredOf(operation.throttle)); change.reset(); popover.toggle(); }}>Change limits</Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Limits of this operation">
        <LimitFields entered={entered} onChange={setEntered} problems={problems} custom={throttle === null || presetOf(throttle) === 'custom'} />
        {change.error !== null && <ProblemAlert problem={toApiProblem(change.error)} />}
        <Group justify="space-between" mt="sm">
          <span role="status">{throttle === null ? 'These limits cannot be used.' : `New: ${throttleWords(throttle)}`}</span>
          <WriteButton write={write} blockedBy={throttle === null ? Object.values(problems)[0] ?? null : null} loading={change.isPending} onClick={() => { if (throttle !== null) change.mutate({ operationId: operation.id, throttle }); }}>Use these limits</WriteButton>
        </Group>
      </Popover.Dropdown>
    </Popover>
  );
}

interface LimitFieldsProps {
  readonly entered: EnteredThrottle;
  readonly onChange: (entered: EnteredThrottle) => void;
  readonly problems: Partial<Record<keyof EnteredThrottle, string>>;
  readonly custom: boolean;
}

function LimitFields({ entered, onChange, problems, custom }: LimitFieldsProps) {
  const preset = custom ? 'custom' : presetOf(readThrottle(entered).throttle ?? THROTTLE_PRESETS.default);
  const field = (name: keyof EnteredThrottle) => ({ value: entered[name], error: problems[name], clampBehavior: 'none' as const, allowDecimal: false, onChange: (value: number | string) => { onChange({ ...entered, [name]: value }); } });
  return (
    <>
      <SegmentedControl
        fullWidth aria-label="Limits" value={preset}
        onChange={(chosen) => { if (chosen !== 'custom') onChange(enteredOf(THROTTLE_PRESETS[chosen])); }}
        data={[{ value: 'low', label: 'Low' }, { value: 'default', label: 'Default' }, { value: 'high', label: 'High' }, { value: 'custom', label: 'Custom', disabled: !custom }]}
      />
      <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="xs" mt="xs">
        <NumberInput label="Moves at once" {...field('movesInFlight')} />
        <NumberInput label="Per node" {...field('movesPerNode')} />
        <NumberInput label="MiB per second" placeholder="No limit" {...field('mebibytesPerSecond')} />
      </SimpleGrid>
    </>
  );
}
