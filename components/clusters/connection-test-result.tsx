import { Note } from '@/components/ui/note';
import { formatCount, formatLatency, plural } from '@/lib/client/format';
import type { ConnectionTest } from '@/lib/contract/cluster';
import classes from './clusters.module.css';

/** What a try of the connection found, with what to do about each warning. */
export function ConnectionTestResult({ result }: { readonly result: ConnectionTest }) {
  const { reachable, engine, warnings } = result;
  return (
    <Note role="status" tone={reachable && warnings.length === 0 ? 'ok' : 'warning'} title={reachable ? 'The cluster answers' : 'The cluster does not answer'}>
      <p>
        {engine === null ? 'The engine is not known' : `${engine.name} ${engine.version ?? ''}`.trim()}, {plural(result.nodeCount, 'node')}, {formatCount(result.shardCount)} shards, answered in {formatLatency(result.latencyMs)}.
      </p>
      {warnings.length > 0 && (
        <ul className={classes['warnings']}>
          {warnings.map((warning, index) => (
            <li key={`${warning.code} ${index}`}>{warning.message}{warning.remedy !== null && <span className={classes['dim']}> {warning.remedy}</span>}</li>
          ))}
        </ul>
      )}
    </Note>
  );
}
