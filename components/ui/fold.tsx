'use client';

import { IconChevronRight } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import classes from './fold.module.css';

interface FoldProps {
  readonly title: ReactNode;
  /** What is inside, said while it is shut. */
  readonly note?: ReactNode;
  readonly children: ReactNode;
  /** At first; from then on it is the reader's. */
  readonly open?: boolean;
}

/** A part that most do not need: shut until asked for. The browser's own, so that it is found by a search of the page. */
export function Fold({ title, note, children, open = false }: FoldProps) {
  const [openAtFirst] = useState(open);
  return (
    <details className={classes['fold']} open={openAtFirst}>
      <summary className={classes['summary']}><IconChevronRight size={14} className={classes['chevron']} aria-hidden /><span className={classes['title']}>{title}</span>{note !== undefined && <span className={classes['note']}>{note}</span>}</summary>
      <div className={classes['body']}>{children}</div>
    </details>
  );
}
