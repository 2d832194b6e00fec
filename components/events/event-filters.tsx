'use client';

import { Button, MultiSelect, Pill, Select } from '@mantine/core';
import { useCluster } from '@/components/realtime/use-cluster';
import { isFiltered, SEVERITIES, type EventFilter } from '@/lib/client/event-query';
import { severityWords } from '@/lib/client/status';
import { EVENT_TYPES } from '@/lib/contract/vocabulary';
import classes from './events.module.css';

const SEVERITY_OPTIONS = SEVERITIES.map((severity) => ({ value: severity, label: severity === 'info' ? 'All severities' : `${severityWords(severity).label} and above` }));
const TYPE_OPTIONS = [...new Set(EVENT_TYPES.map(nounOf))].map((group) => ({ group, items: EVENT_TYPES.filter((type) => nounOf(type) === group) }));

function nounOf(type: string): string {
  return type.slice(0, type.indexOf('.'));
}

export interface EventFiltersProps {
  readonly filter: EventFilter;
  readonly onChange: (change: Partial<EventFilter>) => void;
  readonly onClear: () => void;
}

/** What the log is narrowed to; everything that hides events is in sight as a chip. */
export function EventFilters({ filter, onChange, onClear }: EventFiltersProps) {
  const nodes = useCluster((state) => state.nodes);
  const nodeOptions = (nodes ?? []).map((node) => ({ value: node.id, label: node.name }));
  const nameOf = (nodeId: string) => nodes?.find((node) => node.id === nodeId)?.name ?? nodeId;
  return (
    <div className={classes['filters']}>
      <div className={classes['filterFields']}>
        <MultiSelect
          aria-label="Types of events"
          placeholder={filter.types.length === 0 ? 'All types' : ''}
          data={TYPE_OPTIONS}
          value={[...filter.types]}
          onChange={(types) => onChange({ types: EVENT_TYPES.filter((type) => types.includes(type)) })}
          searchable
          clearable
          hidePickedOptions
          className={classes['types'] ?? ''}
        />
        <Select
          aria-label="Least severity"
          data={SEVERITY_OPTIONS}
          value={filter.severityMin}
          onChange={(value) => onChange({ severityMin: SEVERITIES.find((severity) => severity === value) ?? 'info' })}
          allowDeselect={false}
        />
        <Select aria-label="Node" placeholder="All nodes" data={nodeOptions} value={filter.nodeId} onChange={(nodeId) => onChange({ nodeId })} searchable clearable />
      </div>
      {isFiltered(filter) && (
        <div className={classes['chips']}>
          {filter.severityMin !== 'info' && <Chip text={`${severityWords(filter.severityMin).label} and above`} onRemove={() => onChange({ severityMin: 'info' })} />}
          {filter.nodeId !== null && <Chip text={`node ${nameOf(filter.nodeId)}`} onRemove={() => onChange({ nodeId: null })} />}
          {filter.operationId !== null && <Chip text={`operation ${filter.operationId}`} onRemove={() => onChange({ operationId: null })} />}
          <Button variant="subtle" size="compact-xs" onClick={onClear}>Clear the filter</Button>
        </div>
      )}
    </div>
  );
}

function Chip({ text, onRemove }: { readonly text: string; readonly onRemove: () => void }) {
  return <Pill withRemoveButton onRemove={onRemove} removeButtonProps={{ 'aria-label': `Remove the filter ${text}`, 'aria-hidden': false, tabIndex: 0 }}>{text}</Pill>;
}
