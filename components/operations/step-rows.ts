/** The rows of a plan's moves: a heading where a wave begins, then its steps. */
import type { Plan, PlanStep } from '@/lib/contract/plan';
import type { Alternative, Wave } from '@/lib/contract/plan-proof';

export type StepRow =
  | { readonly kind: 'wave'; readonly number: number; readonly wave: Wave }
  /** Steps after the last listed wave. */
  | { readonly kind: 'alone'; readonly stepCount: number }
  | { readonly kind: 'step'; readonly index: number; readonly step: PlanStep; readonly alternative: Alternative | null };

interface RowsInput {
  readonly plan: Pick<Plan, 'steps' | 'waves' | 'alternatives'>;
  /** Only the first so many steps. */
  readonly stepCount: number;
  /** "" = all; else shards of that number and nodes whose name holds the text. */
  readonly find: string;
  /** Only those that say why there and not elsewhere. */
  readonly explainedOnly: boolean;
  readonly nameOf: (nodeId: string) => string;
}

/** Headings stand only where every step is shown: a filtered wave is none. */
export function stepRows({ plan, stepCount, find, explainedOnly, nameOf }: RowsInput): StepRow[] {
  const alternatives = new Map(plan.alternatives.map((alternative) => [alternative.stepIndex, alternative]));
  const text = find.trim().toLowerCase();
  const filtered = text !== '' || explainedOnly;
  const matches = (step: PlanStep) => text === '' || String(step.shardId) === text || [step.sourceNodeId, step.targetNodeId].some((nodeId) => nodeId === text || nameOf(nodeId).toLowerCase().includes(text));
  const waveAt = new Map(plan.waves.map((wave, index) => [wave.fromStep, { wave, number: index + 1 }]));
  const wavesEnd = plan.waves.reduce((end, wave) => Math.max(end, wave.fromStep + wave.stepCount), 0);
  const rows: StepRow[] = [];
  for (let index = 0; index < stepCount; index += 1) {
    const step = plan.steps[index]!;
    const begins = filtered ? undefined : waveAt.get(index);
    if (begins !== undefined) rows.push({ kind: 'wave', ...begins });
    if (!filtered && plan.waves.length > 0 && index === wavesEnd) rows.push({ kind: 'alone', stepCount: stepCount - index });
    const alternative = alternatives.get(index) ?? null;
    if (matches(step) && (!explainedOnly || alternative !== null)) rows.push({ kind: 'step', index, step, alternative });
  }
  return rows;
}
