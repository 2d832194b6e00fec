'use client';

import { MultiSelect, NumberInput, SegmentedControl, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { plural } from '@/lib/client/format';
import { HEADROOMS } from '@/lib/contract/vocabulary';
import { Fold } from '@/components/ui/fold';
import type { NodeOption } from './node-option';
import { constraintCount, rangesProblem, type PlanUrl, type SetPlanUrl } from './plan-url';
import classes from './plan-form.module.css';

const GIB = 1024 ** 3;
const HEADROOM_WORDS = { none: 'None', 'largest-node': 'Largest node', 'largest-zone': 'Largest zone' } as const;

interface ConstraintFieldsProps {
  readonly url: PlanUrl;
  readonly setUrl: SetPlanUrl;
  readonly shardCount: number;
  readonly nodes: readonly NodeOption[];
}

/** What the plan must hold besides what always holds. */
export function ConstraintFields({ url, setUrl, shardCount, nodes }: ConstraintFieldsProps) {
  const set = constraintCount(url);
  const whole = (value: number | string) => (typeof value === 'number' && value >= 1 ? Math.round(value) : null);
  return (
    <Fold title="Limits of this plan" note={set === 0 ? 'none besides what always holds' : `${plural(set, 'limit')} set`} open={set > 0}>
      <Stack gap="sm">
        <MultiSelect
          label="Leave these nodes alone" description="Nothing arrives and nothing leaves" placeholder={url.exclude.length === 0 ? 'None' : ''} searchable clearable
          data={withUnknown(nodes, url.exclude)} value={[...url.exclude]} onChange={(exclude) => { setUrl({ exclude }); }}
        />
        <TextInput
          label="Shards that stay" description="Neither copies nor the primary role move" placeholder="0-99,120" value={url.pin}
          error={rangesProblem(url.pin, shardCount)} onChange={(event) => { setUrl({ pin: event.currentTarget.value }); }}
        />
        <SimpleGrid cols={2} spacing="xs">
          <NumberInput label="Arrivals per node" placeholder="No limit" min={1} max={1_000_000} allowDecimal={false} allowNegative={false} value={url.arrivals ?? ''} onChange={(value) => { setUrl({ arrivals: whole(value) }); }} />
          <NumberInput label="Departures per node" placeholder="No limit" min={1} max={1_000_000} allowDecimal={false} allowNegative={false} value={url.departures ?? ''} onChange={(value) => { setUrl({ departures: whole(value) }); }} />
        </SimpleGrid>
        <NumberInput
          label="Data moved, at most" placeholder="No limit" suffix=" GiB" min={0.1} max={8_000_000} step={1} decimalScale={3} allowNegative={false}
          value={url.bytesMax === null ? '' : Number((url.bytesMax / GIB).toFixed(3))} onChange={(value) => { setUrl({ bytesMax: typeof value === 'number' && value > 0 ? Math.round(value * GIB) : null }); }}
        />
        <div>
          <p className={classes['label']} id="plan-headroom">Room to survive the loss of</p>
          <SegmentedControl
            fullWidth aria-labelledby="plan-headroom" value={url.headroom} onChange={(headroom) => { setUrl({ headroom }); }}
            data={HEADROOMS.map((value) => ({ value, label: HEADROOM_WORDS[value] }))}
          />
        </div>
      </Stack>
    </Fold>
  );
}

/** A link may name nodes that have left: they stay visible, so that they can be taken off. */
function withUnknown(nodes: readonly NodeOption[], chosen: readonly string[]): NodeOption[] {
  return [...nodes, ...chosen.filter((id) => !nodes.some(({ value }) => value === id)).map((id) => ({ value: id, label: `${id} (not here)` }))];
}
