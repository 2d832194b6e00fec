'use client';

import { NumberInput, Radio, SegmentedControl, Select, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useCluster, useWriteAllowed } from '@/components/realtime/use-cluster';
import { ApiCall } from '@/components/ui/api-call';
import { Panel } from '@/components/ui/panel';
import { ProblemAlert } from '@/components/ui/problem-alert';
import { WriteButton } from '@/components/ui/write-button';
import { toApiProblem } from '@/lib/client/api-problem';
import type { PlanRequest } from '@/lib/contract/plan';
import type { VersionedSettings } from '@/lib/contract/settings';
import { STRATEGIES } from '@/lib/contract/vocabulary';
import { STRATEGY_WORDS } from './plan-words';
import { scopeOf, type PlanUrl } from './plan-url';
import classes from './operations.module.css';

interface PlanFormProps {
  readonly url: PlanUrl;
  readonly setUrl: (change: Partial<PlanUrl>) => void;
  readonly settings: VersionedSettings['settings'];
}

/** What to plan. Nothing moves: the answer is a plan to look at. */
export function PlanForm({ url, setUrl, settings }: PlanFormProps) {
  const clusterId = useClusterId();
  const api = useApi();
  const write = useWriteAllowed();
  const shardCount = useCluster((state) => state.shards?.shardCount ?? 0);
  const preview = useMutation(api.plans.preview.mutationOptions({ onSuccess: (plan) => { setUrl({ plan: plan.id }); } }));
  const strategy = url.strategy ?? settings.rebalancing.strategy;
  const threshold = url.threshold ?? settings.rebalancing.imbalanceThreshold;
  const { scope, missing } = scopeOf(url, shardCount);
  const request: PlanRequest | null = scope === null ? null : { strategy, scope, threshold, seed: 1 };
  return (
    <Panel
      title="What to plan"
      note="a preview; nothing moves"
      actions={request !== null && <ApiCall method="POST" path={`/clusters/${clusterId}/plans`} body={request} />}
    >
      <Stack gap="md">
        <Radio.Group label="Strategy" value={strategy} onChange={(value) => { setUrl({ strategy: STRATEGIES.find((known) => known === value) ?? null }); }}>
          <Stack gap="xs" mt={6}>
            {STRATEGIES.map((known) => <Radio key={known} value={known} label={STRATEGY_WORDS[known].label} description={STRATEGY_WORDS[known].about} />)}
          </Stack>
        </Radio.Group>
        <ScopeFields url={url} setUrl={setUrl} shardCount={shardCount} />
        {url.scope === 'cluster' && (
          <NumberInput
            label="Act above an imbalance of" description="(highest - mean) / mean over nodes; below it nothing is worth moving"
            suffix=" %" min={0} max={100} step={1} decimalScale={1} allowNegative={false} clampBehavior="blur"
            value={Math.round(threshold * 1_000) / 10}
            onChange={(value) => { if (typeof value === 'number') setUrl({ threshold: Math.min(1, value / 100) }); }}
          />
        )}
        {preview.error !== null && <ProblemAlert problem={toApiProblem(preview.error)} title="No plan could be made" />}
        <div>
          <WriteButton write={write} blockedBy={missing} loading={preview.isPending} onClick={() => { if (request !== null) preview.mutate({ clusterId, ...request }); }} note="Makes a plan to look at; nothing moves">
            {url.plan === '' ? 'Preview the plan' : 'Preview again'}
          </WriteButton>
          {missing !== null && <span className={classes['missing']}>{missing}</span>}
        </div>
      </Stack>
    </Panel>
  );
}

function ScopeFields({ url, setUrl, shardCount }: Pick<PlanFormProps, 'url' | 'setUrl'> & { readonly shardCount: number }) {
  const options = useCluster((state) => state.nodes?.filter((node) => node.followerOf === null).map((node) => `${node.id}\n${node.name}`) ?? null)
    ?.map((pair) => { const [value = '', label = ''] = pair.split('\n'); return { value, label }; }) ?? [];
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
        <Select label="Node to empty" placeholder="Choose a node" data={options} value={url.node === '' ? null : url.node} onChange={(node) => { setUrl({ node: node ?? '' }); }} searchable />
      )}
      {url.scope === 'shards' && (
        <>
          <TextInput label="Shards" description={`From 0 to ${Math.max(0, shardCount - 1).toLocaleString('en-US')}; ranges and single ones`} placeholder="0-99,120" value={url.shards} onChange={(event) => { setUrl({ shards: event.currentTarget.value }); }} />
          <Select label="To" placeholder="The best place for each" data={options} value={url.target === '' ? null : url.target} onChange={(target) => { setUrl({ target: target ?? '' }); }} searchable clearable />
        </>
      )}
    </Stack>
  );
}
