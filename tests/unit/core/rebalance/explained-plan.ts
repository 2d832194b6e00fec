import type { Plan, PlanStep } from '@/lib/contract/plan';

const STEPS_MAX = 12;
const ALTERNATIVES_MAX = 2;

const number = (value: number | null): string => {
  if (value === null) return 'unknown';
  if (Number.isInteger(value)) return String(value);
  return value >= 100 ? value.toFixed(0) : value.toFixed(3);
};
const mib = (bytes: number | null): string => (bytes === null ? 'unknown' : `${number(bytes / 1024 ** 2)} MiB`);
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** A plan as an operator would read it, for golden files: what it does, why, how good it is, and why not otherwise. */
export function explained(plan: Plan): string {
  const { proof } = plan;
  return [
    `${plan.strategy}${plan.options.preset === null ? '' : `, ${plan.options.preset}`}; scope ${plan.scope.kind}; threshold ${plan.threshold}`,
    `${plan.verdict.code}: ${plan.verdict.message}`,
    `score ${number(plan.before.score)} -> ${number(plan.after.score)}; ${plan.steps.length} steps, ${mib(plan.bytes)}`,
    ...section('objectives', proof?.terms.filter(({ before, after }) => before > 0 || after > 0).map((term) => `${term.bucket}/${term.objective}: ${term.before.toFixed(4)} -> ${term.after.toFixed(4)}, at least ${term.lowerBound.toFixed(4)}${term.message === null ? '' : ` (${term.message})`}`)),
    ...section('how good', proof === null ? [] : [
      `cost ${proof.costBefore.toFixed(4)} -> ${proof.costAfter.toFixed(4)}, no plan below ${proof.lowerBound.toFixed(4)}; gap ${proof.gap === null ? 'none' : percent(proof.gap)}, missing ${proof.missing === null ? 'nothing' : percent(proof.missing)} of what could be gained`,
      `bytes at least ${mib(proof.bytesMin)}: ${proof.bytesMinReason ?? ''}`,
      ...proof.imbalance.map((bound) => `${bound.dimension}: ${number(bound.before)} -> ${number(bound.after)}, at least ${number(bound.lowerBound)} (${bound.message})`),
    ]),
    ...section('steps', plan.steps.slice(0, STEPS_MAX).map(stepLine), plan.steps.length - STEPS_MAX),
    ...section('waves', plan.waves.length < 2 ? [] : plan.waves.map((wave) => `steps ${wave.fromStep}..${wave.fromStep + wave.stepCount - 1}, ${mib(wave.bytes)}${wave.reclaims ? ', once the space given back is free' : ''}`)),
    ...section('frontier', plan.frontier.map((point) => `${point.stepCount} steps: ${percent(point.gainShare)} of the gain for ${mib(point.bytes)}, score ${number(point.score)}`).slice(0, STEPS_MAX + 1), plan.frontier.length - STEPS_MAX - 1),
    ...section('would break', plan.guardRails.map((rail) => `${rail.severity} ${rail.rail}: ${rail.message}`)),
    ...section('why not otherwise', plan.refusals.map((refusal) => `${refusal.constraint} (${refusal.count}): ${refusal.message}${refusal.remedy === undefined ? '' : ` -> ${refusal.remedy}`}`)),
    ...section('alternatives', plan.alternatives.slice(0, ALTERNATIVES_MAX).flatMap(({ stepIndex, candidates }) => candidates.map((candidate) => `step ${stepIndex}, ${candidate.nodeId}: ${candidate.code}: ${candidate.message}${candidate.remedy === null ? '' : ` -> ${candidate.remedy}`}`))),
    ...section('risks', plan.risks.map((risk) => `${risk.severity} ${risk.code}: ${risk.message}`)),
    '',
  ].join('\n');
}

function section(title: string, lines: readonly string[] | undefined, left = 0): string[] {
  if (lines === undefined || lines.length === 0) return [];
  return ['', `${title}:`, ...lines.map((line) => `  ${line}`), ...(left > 0 ? [`  and ${left} more`] : [])];
}

function stepLine(step: PlanStep, index: number): string {
  const { reason } = step;
  const what = step.kind === 'transfer' ? 'primary role of' : `${step.role} of`;
  const bytes = step.kind === 'transfer' ? '' : `, ${mib(step.bytes)}`;
  return `${index}. ${what} ${step.shardId}: ${step.sourceNodeId} -> ${step.targetNodeId}${bytes}; ${reason.code} ${reason.dimension}: ${number(reason.sourceBefore)} -> ${number(reason.sourceAfter)} there, ${number(reason.targetBefore)} -> ${number(reason.targetAfter)} here`;
}
