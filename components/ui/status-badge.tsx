import { IconAlertTriangleFilled, IconCircleCheckFilled, IconCircleDashed, IconCircleDot, IconHelpCircle, IconInfoCircleFilled, IconLoader2, IconXboxXFilled, type Icon } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { StatusWords, Tone } from '@/lib/client/status';
import classes from './status-badge.module.css';

const ICONS: Record<Tone, Icon> = {
  ok: IconCircleCheckFilled,
  busy: IconLoader2,
  notice: IconInfoCircleFilled,
  warning: IconAlertTriangleFilled,
  critical: IconXboxXFilled,
  unknown: IconHelpCircle,
  neutral: IconCircleDashed,
};

/** The icon of a tone, for places where the word stands elsewhere. */
export function ToneIcon({ tone, size = 14 }: { readonly tone: Tone; readonly size?: number }) {
  const Shape = tone === 'neutral' ? IconCircleDot : ICONS[tone];
  return <Shape size={size} className={classes['icon']} data-tone={tone} aria-hidden />;
}

export interface StatusBadgeProps {
  readonly status: StatusWords;
  /** Instead of the status' own word. */
  readonly children?: ReactNode;
  readonly title?: string;
  /** plain: without the tinted ground, for dense rows. */
  readonly variant?: 'tinted' | 'plain';
}

/** A status: icon, word and colour, never colour alone. */
export function StatusBadge({ status, children, title, variant = 'tinted' }: StatusBadgeProps) {
  return (
    <span className={classes['badge']} data-tone={status.tone} data-variant={variant} title={title}>
      <ToneIcon tone={status.tone} />
      {children ?? status.label}
    </span>
  );
}
