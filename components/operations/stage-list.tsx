import { StatusBadge } from '@/components/ui/status-badge';
import { TimeText } from '@/components/ui/time-text';
import { stageWords } from '@/lib/client/status';
import type { Stage } from '@/lib/contract/operation';
import { stageTime, stageTitle } from './operation-words';
import classes from './stage-list.module.css';

interface StageListProps {
  readonly stages: readonly Stage[];
  readonly nameOf: (nodeId: string) => string;
  readonly nowMs: number;
}

/** The steps of the operation in their order, also those that were taken back. */
export function StageList({ stages, nameOf, nowMs }: StageListProps) {
  return (
    <ol className={classes.stages} aria-label="Stages">
      {stages.map((stage, index) => (
        <li key={`${stage.kind} ${index}`} data-status={stage.status}>
          <span className={classes.status}><StatusBadge status={stageWords(stage.status)} /></span>
          <span className={classes.what}>
            <span className={classes.title}>{stageTitle(stage, nameOf)}</span>
            {stage.message !== null && <span className={classes.message}>{stage.message}</span>}
          </span>
          <span className={classes.time}>
            {stage.startedAtMs !== null && <TimeText atMs={stage.startedAtMs} format="time-of-day" />} {stageTime(stage, nowMs)}
          </span>
        </li>
      ))}
    </ol>
  );
}
