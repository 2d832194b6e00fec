'use client';

import { Anchor, Table, Text, UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconChevronRight, IconCornerDownRight } from '@tabler/icons-react';
import Link from 'next/link';
import { parseAsArrayOf, parseAsString, useQueryState } from 'nuqs';
import { RESOURCE_LABELS, livenessSentence, usageWords } from '@/components/charts/node-facts';
import { UtilizationBar } from '@/components/charts/utilization-bar';
import { Quantity } from '@/components/ui/quantity';
import { StatusBadge } from '@/components/ui/status-badge';
import { plural } from '@/lib/client/format';
import { RESOURCES, utilizationOf } from '@/lib/contract/resources';
import { ageText } from './node-card';
import type { TopologyModel } from './topology-model';
import type { ZoneBranch } from './topology-tree';
import classes from './topology.module.css';

const COLUMN_COUNT = 8;

/** The drawing's twin: the same tree as rows, each zone foldable. */
export function TopologyTreeTable({ model }: { readonly model: TopologyModel }) {
  const [folded, setFolded] = useQueryState('folded', parseAsArrayOf(parseAsString).withDefault([]).withOptions({ history: 'replace' }));
  const toggle = (key: string) => void setFolded(folded.includes(key) ? folded.filter((other) => other !== key) : [...folded, key]);
  return (
    <div className={classes.tree} tabIndex={0} role="region" aria-label="Topology as a table">
      <Table verticalSpacing={4} fz="xs" miw={720}>
        <Table.Thead>
          <Table.Tr>
            {['Node', 'Status', 'Primaries', 'Shards'].map((label) => <Table.Th key={label} scope="col">{label}</Table.Th>)}
            {RESOURCES.map((resource) => <Table.Th key={resource} scope="col">{RESOURCE_LABELS[resource]}</Table.Th>)}
          </Table.Tr>
        </Table.Thead>
        {model.zones.map((zone) => <ZoneRows key={zone.key} zone={zone} model={model} open={!folded.includes(zone.key)} onToggle={() => toggle(zone.key)} />)}
      </Table>
    </div>
  );
}

function ZoneRows({ zone, model, open, onToggle }: { readonly zone: ZoneBranch; readonly model: TopologyModel; readonly open: boolean; readonly onToggle: () => void }) {
  const Chevron = open ? IconChevronDown : IconChevronRight;
  return (
    <Table.Tbody>
      <Table.Tr className={classes.zoneRow}>
        <Table.Th scope="rowgroup" colSpan={COLUMN_COUNT}>
          <UnstyledButton onClick={onToggle} aria-expanded={open} className={classes.fold}>
            <Chevron size={14} aria-hidden /> {zone.label} <Text span size="xs" c="dimmed">{plural(zone.leaders.length, 'node')}</Text>
          </UnstyledButton>
        </Table.Th>
      </Table.Tr>
      {open && zone.leaders.flatMap(({ node, followers }) => [
        <NodeRow key={node.id} nodeId={node.id} model={model} level={1} />,
        ...followers.map((follower) => <NodeRow key={follower.id} nodeId={follower.id} model={model} level={2} />),
      ])}
    </Table.Tbody>
  );
}

function NodeRow({ nodeId, model, level }: { readonly nodeId: string; readonly model: TopologyModel; readonly level: 1 | 2 }) {
  const card = model.cardOf(nodeId);
  if (card === null) return null;
  const { node, href, status, stale, staleMs, primaryCount, shardCount, safetyLines } = card;
  const ratios = utilizationOf(node);
  const held = (count: number | null) => (level === 2 ? 'mirrors' : <Quantity kind="count" value={shardCount === null ? null : count} />);
  return (
    <Table.Tr className={stale ? 'ps-hatched' : undefined}>
      <Table.Th scope="row" fw={500} className={classes.rowName} data-level={level}>
        {level === 2 && <IconCornerDownRight size={12} aria-label="follower" />} <Anchor component={Link} href={href} size="xs">{node.name}</Anchor>
      </Table.Th>
      <Table.Td>
        <StatusBadge status={status} variant="plain" title={livenessSentence(node.livenessReason)} />
        {stale && <Text size="xs" c="dimmed">{ageText(staleMs)}</Text>}
      </Table.Td>
      <Table.Td>{held(primaryCount)}</Table.Td>
      <Table.Td>{held(shardCount)}</Table.Td>
      {RESOURCES.map((resource) => (
        <Table.Td key={resource} miw={96}>
          <UtilizationBar compact label={RESOURCE_LABELS[resource]} ratio={ratios[resource]} detail={usageWords(node, resource)} {...(safetyLines !== null && { safetyLine: safetyLines[resource] })} />
        </Table.Td>
      ))}
    </Table.Tr>
  );
}
