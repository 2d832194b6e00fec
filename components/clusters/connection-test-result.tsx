import { Alert } from '@mantine/core';
import { IconAlertTriangle, IconCheck } from '@tabler/icons-react';
import { formatCount, formatLatency, plural } from '@/lib/client/format';
import type { ConnectionTest } from '@/lib/contract/cluster';
import classes from './clusters.module.css';

/** What a try of the connection found, with what to do about each warning. */
export function ConnectionTestResult({ result }: { readonly result: ConnectionTest }) {
  const clean = result.reachable && result.warnings.length === 0;
  return (
    <Alert
      role="status"
      variant="light"
      color={clean ? 'green' : 'yellow'}
      icon={clean ? <IconCheck size={18} /> : <IconAlertTriangle size={18} />}
      title={result.reachable ? 'The cluster answers' : 'The cluster does not answer'}
    >
      <p className={classes['found']}>
        {result.engine === null ? 'The engine is not known' : `${result.engine.name} ${result.engine.version ?? ''}`.trim()}, {plural(result.nodeCount, 'node')}, {formatCount(result.shardCount)} shards, answered in {formatLatency(result.latencyMs)}.
      </p>
      {result.warnings.length > 0 && (
        <ul className={classes['warnings']}>
          {result.warnings.map((warning, index) => (
            <li key={`${warning.code} ${index}`}>{warning.message}{warning.remedy !== null && <span className={classes['dim']}> {warning.remedy}</span>}</li>
          ))}
        </ul>
      )}
    </Alert>
  );
}
