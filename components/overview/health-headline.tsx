'use client';

import { MendLink } from '@/components/layout/mend-link';
import { useFreshness, useSummary } from '@/components/realtime/use-cluster';
import { ToneIcon } from '@/components/ui/status-badge';
import { formatDuration, plural } from '@/lib/client/format';
import { healthSentence } from '@/lib/client/health-sentence';
import { healthWords } from '@/lib/client/status';
import type { ClusterSummary } from '@/lib/contract/cluster';
import { HealthReasons, zoneLine } from './health-reasons';
import classes from './overview.module.css';

/** The sentence that says whether anybody has to get up. */
export function HealthHeadline() {
  const summary = useSummary();
  const { stale } = useFreshness();
  const head = healthSentence(summary);
  const zones = zoneLine(summary.health.zones);
  const words = healthWords(summary.health.status);
  return (
    <section className={classes['headline']} aria-label="Health">
      <span className={classes['headlineIcon']}><ToneIcon tone={stale ? 'unknown' : words.tone} size={22} /></span>
      <div>
        <h1 className={classes['sentence']}>{stale ? `Not known now. Last known: ${words.label.toLowerCase()}, ${lowerFirst(head)}` : `${words.label}. ${head}`}</h1>
        <HealthReasons reasons={summary.health.reasons} />
        <div className={classes['mend']}><MendLink /></div>
        <p className={classes['engine']}>{engineLine(summary)}</p>
        {zones !== null && <p className={classes['engine']}>{zones}</p>}
      </div>
    </section>
  );
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function engineLine({ engine, capabilities, totals, observationIntervalMs }: ClusterSummary): string {
  const parts = engine === null ? ['Engine not known yet'] : [`${engine.name}${engine.version === null ? '' : ` ${engine.version}`}`, capabilities.replication === 'followers' ? 'copies on followers' : plural(engine.replicationFactor, 'copy', 'copies') + ' of every shard'];
  return [...parts, plural(totals.shards, 'shard'), `observed every ${formatDuration(observationIntervalMs)}`].join(' · ');
}
