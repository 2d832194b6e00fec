/** The lines of a rule that can be dragged: where they stand in the policy, and what they mean. */
import { numberAt, textAt, valueAt, type Path, type PolicyDraft } from './policy-draft';
import { isUtilization, unitOfMetric } from './policy-units';

export interface ThresholdLine {
  readonly path: Path;
  readonly label: string;
  readonly direction: 'out' | 'in';
  /** `null` while its field holds no number. */
  readonly value: number | null;
}

export function thresholdsOf(draft: PolicyDraft, index: number): readonly ThresholdLine[] {
  const line = (path: Path, label: string, direction: ThresholdLine['direction']): ThresholdLine => ({ path: ['rules', index, ...path], label, direction, value: numberAt(draft, ['rules', index, ...path]) });
  const shrinks = valueAt(draft, ['rules', index, 'in', 'below']) === undefined ? [] : [line(['in', 'below'], 'Take away below', 'in')];
  switch (textAt(draft, ['rules', index, 'kind'])) {
    case 'target': return [line(['target'], 'Target', 'out')];
    case 'threshold': return [line(['out', 'above'], 'Add above', 'out'), ...shrinks];
    case 'steps': return [line(['line'], 'Add above', 'out'), ...shrinks];
    case 'disk-projection': return [line(['line'], 'Disk line', 'out')];
    default: return [];
  }
}

export interface Scale {
  /** Value at the top of the chart; the bottom is 0. */
  readonly top: number;
  /** Dragging and the arrow keys go by it. */
  readonly step: number;
}

/** Utilizations are 0..1; others leave room above the line and above what was measured. */
export function scaleOf(metric: string, largest: number, lines: readonly ThresholdLine[]): Scale {
  if (isUtilization(metric)) return { top: 1, step: 0.01 };
  const most = Math.max(largest, ...lines.map(({ value }) => value ?? 0)) * 1.25;
  const power = 10 ** Math.floor(Math.log10(Math.max(1e-6, most)));
  const top = ([1, 2, 5, 10].find((round) => round * power >= most) ?? 10) * power;
  return { top, step: top / 100 };
}

/** On the grid of the scale, inside of it, and never 0, which no rule accepts. */
export function snapped(value: number, { top, step }: Scale): number {
  return Number((Math.min(Math.round(top / step), Math.max(1, Math.round(value / step))) * step).toPrecision(8));
}

/** The keys of a slider; `null`: not one of them. */
export function valueByKey(key: string, value: number, scale: Scale): number | null {
  switch (key) {
    case 'ArrowUp': case 'ArrowRight': return snapped(value + scale.step, scale);
    case 'ArrowDown': case 'ArrowLeft': return snapped(value - scale.step, scale);
    case 'PageUp': return snapped(value + 10 * scale.step, scale);
    case 'PageDown': return snapped(value - 10 * scale.step, scale);
    case 'Home': return snapped(0, scale);
    case 'End': return snapped(scale.top, scale);
    default: return null;
  }
}

export function printMetric(metric: string, value: number | null): string {
  return value === null ? 'unknown' : unitOfMetric(metric).print(Number(value.toPrecision(4)));
}

