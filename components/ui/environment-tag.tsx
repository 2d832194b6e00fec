import type { ClusterSummary } from '@/lib/contract/cluster';
import classes from './environment-tag.module.css';

/** What a cluster is for. Production is the one that stands out. */
export function EnvironmentTag({ environment }: { readonly environment: ClusterSummary['environment'] }) {
  return <span className={classes['tag']} data-environment={environment}>{environment}</span>;
}
