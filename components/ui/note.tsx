import type { ReactNode } from 'react';
import type { Tone } from '@/lib/client/status';
import { ToneIcon } from './status-badge';
import classes from './note.module.css';

export interface NoteProps {
  readonly tone: Extract<Tone, 'ok' | 'notice' | 'warning' | 'critical'>;
  readonly title: string;
  readonly children?: ReactNode;
  /** alert: read out at once, for what went wrong just now. */
  readonly role?: 'alert' | 'status' | 'note';
}

/** A boxed message inside of a form, dialog or panel. */
export function Note({ tone, title, children, role = 'note' }: NoteProps) {
  return (
    <div className={classes['note']} data-tone={tone} role={role}>
      <span className={classes['icon']}><ToneIcon tone={tone} size={16} /></span>
      <div className={classes['text']}>
        <p className={classes['title']}>{title}</p>
        {children}
      </div>
    </div>
  );
}
