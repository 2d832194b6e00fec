import type { ReactNode } from 'react';
import { formatDuration } from '@/lib/client/format';
import classes from './panel.module.css';

export interface PanelProps {
  readonly title?: ReactNode;
  /** Beside the title: what the numbers are over, such as "mean of the last 10 s". */
  readonly note?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  /** No inner space, for tables that reach the edge. */
  readonly flush?: boolean;
  readonly headingLevel?: 2 | 3;
}

/** A titled part of a screen. */
export function Panel({ title, note, actions, children, flush = false, headingLevel = 2 }: PanelProps) {
  const Heading = `h${headingLevel}` as const;
  return (
    <section className={classes['panel']}>
      {(title !== undefined || actions !== undefined) && (
        <header className={classes['header']}>
          {title !== undefined && <Heading className={classes['title']}>{title}</Heading>}
          {note !== undefined && <span className={classes['note']}>{note}</span>}
          {actions !== undefined && <div className={classes['actions']}>{actions}</div>}
        </header>
      )}
      <div className={flush ? classes['flush'] : classes['body']}>{children}</div>
    </section>
  );
}

export interface StalePanelProps {
  readonly stale: boolean;
  /** Age of what is shown; `null` = never read. */
  readonly ageMs: number | null;
  readonly reason: string | null;
  readonly children: ReactNode;
}

/** Keeps the last picture, greyed and with its age, while there is no newer one. It stays readable and selectable. */
export function StalePanel({ stale, ageMs, reason, children }: StalePanelProps) {
  return (
    <div className={classes['stale']} data-stale={stale || undefined}>
      {stale && (
        <p className={`${classes['staleNote'] ?? ''} ps-hatched`} title={reason ?? undefined}>
          {ageMs === null ? 'No reading yet' : `As of ${formatDuration(ageMs)} ago`}{reason !== null && `: ${reason}`}
        </p>
      )}
      <div className={classes['staleBody']}>{children}</div>
    </div>
  );
}
