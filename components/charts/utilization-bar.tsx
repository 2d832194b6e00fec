import { Text, VisuallyHidden } from '@mantine/core';
import classes from './utilization-bar.module.css';

export interface UtilizationBarProps {
  /** "CPU", "Memory"; printed before the bar unless `compact`. */
  readonly label: string;
  /** 0..1 and above; `null` is unknown and drawn hatched, never as an empty bar. */
  readonly ratio: number | null;
  /** Where safety ends, 0..1. */
  readonly safetyLine?: number;
  /** The absolute numbers, such as "3.2 GiB of 8 GiB"; shown on hover. */
  readonly detail?: string;
  /** Without its word, which then stands elsewhere. */
  readonly compact?: boolean;
  /** For boxes of some hundred pixels. */
  readonly narrow?: boolean;
}

type Level = 'unknown' | 'calm' | 'near' | 'over';
const NEAR_SHARE = 0.9;

/** calm, near (within a tenth of the line) or over; without a line everything known is calm. */
export function levelOf(ratio: number | null, safetyLine: number | undefined): Level {
  if (ratio === null) return 'unknown';
  if (safetyLine === undefined) return 'calm';
  if (ratio > safetyLine) return 'over';
  return ratio > safetyLine * NEAR_SHARE ? 'near' : 'calm';
}

const WORDS: Record<Level, string> = { unknown: 'unknown', calm: '', near: 'near its safety line', over: 'over its safety line' };

/** A share of a capacity with its safety line, its number, and a word when it is near or over. */
export function UtilizationBar({ label, ratio, safetyLine, detail, compact = false, narrow = false }: UtilizationBarProps) {
  const level = levelOf(ratio, safetyLine);
  const value = ratio === null ? 'unknown' : `${Math.round(ratio * 100)} %`;
  return (
    <div className={classes.row} data-compact={compact} data-narrow={narrow} data-level={level} title={[detail, WORDS[level]].filter(Boolean).join(', ')}>
      <Text span size="xs" className={classes.label}>{label}</Text>
      <span className={classes.track} aria-hidden="true">
        {ratio !== null && <span className={classes.fill} style={{ width: `${Math.min(100, ratio * 100)}%` }} />}
        {safetyLine !== undefined && <span className={classes.line} style={{ left: `${safetyLine * 100}%` }} />}
      </span>
      <Text span size="xs" className={classes.value}>{value}{level === 'over' && <span aria-hidden="true"> !</span>}</Text>
      <VisuallyHidden>{[WORDS[level] === value ? '' : WORDS[level], safetyLine === undefined ? '' : `safety line ${Math.round(safetyLine * 100)} %`].filter(Boolean).join(', ')}</VisuallyHidden>
    </div>
  );
}
