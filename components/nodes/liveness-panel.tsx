'use client';

import { useQuery } from '@tanstack/react-query';
import { livenessSentence } from '@/components/charts/node-facts';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useNow } from '@/components/realtime/use-live-store';
import { Panel } from '@/components/ui/panel';
import { LoadingState, ProblemState } from '@/components/ui/states';
import { StatusBadge } from '@/components/ui/status-badge';
import { TimeText } from '@/components/ui/time-text';
import { toApiProblem } from '@/lib/client/api-problem';
import { formatCount, formatDuration, formatLatency, plural } from '@/lib/client/format';
import { livenessWords } from '@/lib/client/status';
import type { NodeLiveness } from '@/lib/contract/health';
import type { Node } from '@/lib/contract/node';
import { LivenessStrip } from './liveness-strip';
import { SilenceScale } from './silence-scale';
import classes from './liveness.module.css';
import nodeClasses from './nodes.module.css';

/** Asked while the page is looked at; liveness itself arrives live. */
const REFRESH_MS = 2_000;

/** Why the node is believed to be what it is: its past, its silence against its time-outs, its rhythm, its probes. */
export function LivenessPanel({ node }: { readonly node: Node }) {
  const clusterId = useClusterId();
  const api = useApi();
  const query = useQuery(api.nodes.liveness.queryOptions({ input: { clusterId, nodeId: node.id }, refetchInterval: REFRESH_MS }));
  return (
    <Panel title="Liveness" note="by the manager's clock at receipt; no time sent by a node counts" actions={<StatusBadge status={livenessWords(node.liveness)} />}>
      <LivenessStrip node={node} />
      {query.data !== undefined && <Facts facts={query.data} node={node} />}
      {query.data === undefined && query.isPending && <LoadingState what="what the detector knows" />}
      {query.data === undefined && query.isError && <ProblemState what="what the detector knows" problem={toApiProblem(query.error)} onRetry={() => void query.refetch()} />}
    </Panel>
  );
}

function Facts({ facts, node }: { readonly facts: NodeLiveness; readonly node: Node }) {
  return (
    <div className={classes['grid']}>
      <div>
        <p className={classes['why']}>{livenessSentence(node.livenessReason)}.</p>
        <SilenceScale facts={facts} />
        <dl className={nodeClasses['facts']}>
          <dt>Time-outs</dt><dd>{timeoutWords(facts)}</dd>
          <dt title="-log10 of how likely a silence this long is, by the node's own rhythm (Hayashibara et al., 2004)">Phi</dt>
          <dd>{facts.phi.toFixed(facts.phi < 10 ? 1 : 0)} of {facts.phiThreshold}: {phiWords(facts)}</dd>
          <dt>Probe</dt><dd><ProbeWords facts={facts} /></dd>
        </dl>
      </div>
      <div>
        <Beats facts={facts} />
        <dl className={nodeClasses['facts']}>
          <dt>Rhythm</dt><dd>{rhythmWords(facts)}</dd>
          <dt>Missed</dt><dd>{facts.missed === 0 ? 'none in a row' : `${formatCount(facts.missed)} in a row`}</dd>
          <dt>Sequence</dt><dd>{formatCount(Math.max(0, facts.sequence))} of incarnation {formatCount(facts.incarnation)}</dd>
          <dt>Ignored</dt><dd>{facts.ignoredBeats === 0 ? 'no duplicate, late or replayed beat' : `${formatCount(facts.ignoredBeats)} duplicate, late or replayed`}</dd>
          <dt>Flapping</dt><dd>{flapWords(facts, node)}</dd>
        </dl>
      </div>
    </div>
  );
}

function flapWords({ flaps }: NodeLiveness, node: Node): string {
  const rule = `${flaps.departuresMax} times in ${formatDuration(flaps.windowMs)} make a quarantine of ${formatDuration(flaps.holdDownMs)}`;
  if (node.quarantinedUntilMs !== null) return `in quarantine for it; fell over ${plural(flaps.departures, 'time')} since. ${rule}`;
  return flaps.departures === 0 ? `it has not left “alive” of late; ${rule}` : `left “alive” ${plural(flaps.departures, 'time')} of late; ${rule}`;
}

function timeoutWords({ timeouts }: NodeLiveness): string {
  const limits = `suspect after ${formatDuration(timeouts.suspectAfterMs)}, unreachable after ${formatDuration(timeouts.unreachableAfterMs)} and a failed probe, dead after ${formatDuration(timeouts.deadAfterMs)}`;
  return timeouts.because === 'setting' ? `${limits}, as set` : `${limits}; longer than set, because it is heard irregularly`;
}

function phiWords({ phi, phiThreshold, quietMs }: NodeLiveness): string {
  if (phi >= phiThreshold) return `${formatDuration(quietMs)} without a beat is no irregularity of its own any more`;
  return phi < 1 ? 'nothing unusual' : 'late, but it has been so before';
}

function rhythmWords({ rhythm, source, intervalMs }: NodeLiveness): string {
  const expected = source === 'heartbeats' ? `sends a heartbeat every ${formatDuration(intervalMs)}` : `is read every ${formatDuration(intervalMs)}`;
  if (rhythm === null) return `${expected}; not heard often enough to know it`;
  return `${expected}; heard every ${formatDuration(rhythm.meanMs)} ± ${formatDuration(rhythm.deviationMs)} over ${formatCount(rhythm.beats)} beats`;
}

function ProbeWords({ facts: { probe } }: { readonly facts: NodeLiveness }) {
  const nowMs = useNow();
  if (probe === null) return <>none was needed: it is asked over a fresh connection only when it is silent</>;
  return probe.answered
    ? <>answered{probe.answerMs !== null && ` in ${formatLatency(probe.answerMs)}`}, <TimeText atMs={probe.atMs} nowMs={nowMs} /></>
    : <>failed <TimeText atMs={probe.atMs} nowMs={nowMs} />: {probe.failure}</>;
}

/** The gaps between its last beats, oldest left; a late one has another colour and is longer. */
function Beats({ facts }: { readonly facts: NodeLiveness }) {
  const beats = [...facts.lastBeats].reverse();
  if (beats.length === 0) return <p className={classes['caption']}>No beat yet.</p>;
  const longestMs = Math.max(2 * facts.intervalMs, ...beats.map((beat) => beat.gapMs ?? 0));
  const [newest] = facts.lastBeats;
  const gaps = beats.flatMap((beat) => beat.gapMs ?? []);
  const words = `Last ${beats.length} beats: gaps of ${formatDuration(Math.min(...gaps))} to ${formatDuration(Math.max(...gaps))}; last heard ${formatDuration(facts.quietMs)} ago${newest?.answerMs == null ? '' : `, answered in ${formatLatency(newest.answerMs)}`}`;
  return (
    <figure style={{ margin: 0 }}>
      <div className={classes['beats']} aria-hidden>
        {beats.map((beat) => (
          <span key={beat.atMs} className={classes['beat']} data-late={(beat.gapMs ?? 0) > 1.5 * facts.intervalMs || undefined} style={{ height: `${((beat.gapMs ?? 0) / longestMs) * 100}%` }} title={beat.gapMs === null ? 'the first beat' : `${formatDuration(beat.gapMs)} after the one before`} />
        ))}
      </div>
      <figcaption className={classes['caption']}>{words}</figcaption>
    </figure>
  );
}
