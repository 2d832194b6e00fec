'use client';

import { Radio, SegmentedControl, Select, SimpleGrid, Stack, TextInput } from '@mantine/core';
import dynamic from 'next/dynamic';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useCluster } from '@/components/realtime/use-cluster';
import { ApiCall } from '@/components/ui/api-call';
import { Panel } from '@/components/ui/panel';
import type { PlanRequest } from '@/lib/contract/plan';
import type { ObjectiveWeights } from '@/lib/contract/plan-options';
import type { VersionedSettings } from '@/lib/contract/settings';
import { PRESETS, STRATEGIES } from '@/lib/contract/vocabulary';
import { LineFields } from './line-fields';
import type { NodeOption } from './node-option';
import { PRESET_WORDS } from './objective-words';
import { STRATEGY_WORDS } from './plan-words';
import { presetIn, rangesProblem, type PlanUrl, type SetPlanUrl } from './plan-url';
import classes from './plan-form.module.css';

interface PlanFormProps {
  readonly url: PlanUrl;
  readonly setUrl: SetPlanUrl;
  readonly settings: VersionedSettings['settings'];
  readonly shardCount: number;
  /** `null`: something is missing or wrong. */
  readonly request: PlanRequest | null;
  /** As they counted in the last answer, preset and own ones together. */
  readonly weightsInForce: ObjectiveWeights;
}

// Folded away at first: a line stands for them until they have come.
const WeightFields = dynamic(() => import('./weight-fields').then((module) => module.WeightFields), { loading: () => <p className={classes['foldToCome']}>Fine-tune the weights</p> });
const ConstraintFields = dynamic(() => import('./constraint-fields').then((module) => module.ConstraintFields), { loading: () => <p className={classes['foldToCome']}>Limits of this plan</p> });

/** The one that proves its plans first, then by how much they look at. */
const STRATEGY_ORDER = [...STRATEGIES].reverse();

/** What to plan, in the order in which one decides: how, of what, within which lines and limits. */
export function PlanForm({ url, setUrl, settings, shardCount, request, weightsInForce }: PlanFormProps) {
  const clusterId = useClusterId();
  const nodes = useNodeOptions();
  const strategy = url.strategy ?? settings.rebalancing.strategy;
  return (
    <Panel
      title="What to plan"
      note="a preview; nothing moves"
      actions={request !== null && <ApiCall method="POST" path={`/clusters/${clusterId}/plans`} body={request} />}
    >
      <Stack gap="md">
        <Radio.Group label="Strategy" value={strategy} onChange={(value) => { setUrl({ strategy: STRATEGIES.find((known) => known === value) ?? null }); }}>
          <SimpleGrid cols={2} spacing="xs" verticalSpacing={6} mt={6}>
            {STRATEGY_ORDER.map((known) => <Radio key={known} value={known} label={STRATEGY_WORDS[known].label} />)}
          </SimpleGrid>
        </Radio.Group>
        <p className={`${classes['about'] ?? ''} ${classes['strategyAbout'] ?? ''}`}>{STRATEGY_WORDS[strategy].about}</p>
        {strategy === 'optimal' && <PresetCards url={url} setUrl={setUrl} />}
        <ScopeFields url={url} setUrl={setUrl} shardCount={shardCount} nodes={nodes} />
        <LineFields url={url} setUrl={setUrl} settings={settings} strategy={strategy} />
        {strategy === 'optimal' && <WeightFields weights={url.weights} inForce={weightsInForce} onChange={(weights) => { setUrl({ weights }); }} />}
        <ConstraintFields url={url} setUrl={setUrl} shardCount={shardCount} nodes={nodes} />
      </Stack>
    </Panel>
  );
}

/** To drain one has to say what. */
function changeOfPreset(preset: PlanUrl['preset'], { scope }: PlanUrl): Partial<PlanUrl> {
  return { preset, weights: {}, ...(preset === 'drain' && scope === 'cluster' && { scope: 'evacuate' as const }) };
}

/** What one wants, in one press. Own weights belong to the preset they were set on, so a new preset begins without. */
function PresetCards({ url, setUrl }: Pick<PlanFormProps, 'url' | 'setUrl'>) {
  return (
    <Radio.Group label="What it is after" value={presetIn(url)} onChange={(value) => { setUrl(changeOfPreset(PRESETS.find((known) => known === value) ?? null, url)); }}>
      <div className={classes['cards']}>
        {PRESETS.map((preset) => (
          <Radio.Card key={preset} value={preset} className={classes['card'] ?? ''}>
            <Radio.Indicator size="xs" />
            <span>
              <span className={classes['cardTitle']}>{PRESET_WORDS[preset].label}</span>
              <span className={classes['cardAbout']}>{PRESET_WORDS[preset].about}</span>
            </span>
          </Radio.Card>
        ))}
      </div>
    </Radio.Group>
  );
}

/** The nodes that hold shards, for choosing. */
function useNodeOptions(): readonly NodeOption[] {
  const pairs = useCluster((state) => state.nodes?.filter((node) => node.followerOf === null).map((node) => `${node.id}\n${node.name}`) ?? null);
  return pairs?.map((pair) => { const [value = '', label = ''] = pair.split('\n'); return { value, label }; }) ?? [];
}

function ScopeFields({ url, setUrl, shardCount, nodes }: Pick<PlanFormProps, 'url' | 'setUrl' | 'shardCount'> & { readonly nodes: readonly NodeOption[] }) {
  return (
    <Stack gap="xs">
      <div>
        <p className={classes['label']} id="plan-scope">Scope</p>
        <SegmentedControl
          fullWidth aria-labelledby="plan-scope" value={url.scope} onChange={(scope) => { setUrl({ scope }); }}
          data={[{ value: 'cluster', label: 'Whole cluster' }, { value: 'evacuate', label: 'Empty a node' }, { value: 'shards', label: 'Chosen shards' }]}
        />
      </div>
      {url.scope === 'evacuate' && (
        <Select label="Node to empty" placeholder="Choose a node" data={nodes} value={url.node === '' ? null : url.node} onChange={(node) => { setUrl({ node: node ?? '' }); }} searchable />
      )}
      {url.scope === 'shards' && (
        <>
          <TextInput
            label="Shards" description={`From 0 to ${Math.max(0, shardCount - 1).toLocaleString('en-US')}; ranges and single ones`} placeholder="0-99,120"
            value={url.shards} error={rangesProblem(url.shards, shardCount)} onChange={(event) => { setUrl({ shards: event.currentTarget.value }); }}
          />
          <Select label="To" placeholder="The best place for each" data={nodes} value={url.target === '' ? null : url.target} onChange={(target) => { setUrl({ target: target ?? '' }); }} searchable clearable />
        </>
      )}
    </Stack>
  );
}
