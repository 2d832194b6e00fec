import { Fold } from '@/components/ui/fold';
import { formatBytes, formatRatio } from '@/lib/client/format';
import type { Plan } from '@/lib/contract/plan';
import type { ObjectiveTermCost, PlanProof } from '@/lib/contract/plan-proof';
import { BUCKET_WORDS, CAUSE_WORDS, gainedWords, gapWords, isBest, OBJECTIVE_WORDS, searchWords } from './objective-words';
import { DIMENSION_WORDS } from './plan-words';
import classes from './plan.module.css';

/** How far from the best possible the plan can be, what holds the bound up, and how the search ended. */
export function BoundExplained({ plan }: { readonly plan: Plan }) {
  const { proof } = plan;
  if (proof === null) return <p className={classes['about']}>{unprovenWords(plan)}</p>;
  const terms = proof.terms.filter(({ before, after, lowerBound }) => before > 0 || after > 0 || lowerBound > 0);
  return (
    <Fold title={plan.steps.length === 0 ? 'What could be gained at all' : 'Why no better than this'} note={boundNote(proof, terms)}>
      <div className={classes['bound']}>
        <p>{searchWords(proof.search)}. {proof.missing !== null && `Of all that could be gained at best it gains at least ${gainedWords(1 - proof.missing)}. `}{proof.gap !== null && `The plan is ${gapWords(proof.gap)}: no placement that the constraints allow costs less than ${amount(proof.lowerBound)}, this one costs ${amount(proof.costAfter)} and the one of now ${amount(proof.costBefore)}.`}</p>
        {proof.bytesMin !== null && <p>{bytesWords(plan.bytes, proof.bytesMin, proof.bytesMinReason)}</p>}
        {proof.imbalance.length > 0 && (
          <ul className={classes['reasons']} aria-label="How even each dimension can be made">
            {proof.imbalance.map((bound) => (
              <li key={bound.dimension}>
                <strong>{DIMENSION_WORDS[bound.dimension]}</strong>, {CAUSE_WORDS[bound.cause]}: {bound.message}
                <span className={classes['dim']}> {formatRatio(bound.before)} now, {formatRatio(bound.after)} after, never below {formatRatio(bound.lowerBound)}</span>
              </li>
            ))}
          </ul>
        )}
        {terms.length > 0 && <TermTable terms={terms} />}
      </div>
    </Fold>
  );
}

function unprovenWords(plan: Plan): string {
  if (plan.verdict.code === 'invalid' || plan.steps.length === 0) return 'How far it is from the best possible is not known: nothing was scored.';
  return 'How far it is from the best possible is not known: this plan carries no proof.';
}

/** The term in which most of what could still be better lies. */
export function widestTerm(terms: readonly ObjectiveTermCost[]): ObjectiveTermCost | null {
  const slack = (term: ObjectiveTermCost) => term.after - term.lowerBound;
  return terms.reduce<ObjectiveTermCost | null>((widest, term) => (slack(term) > (widest === null ? 0 : slack(widest)) ? term : widest), null);
}

function boundNote(proof: PlanProof, terms: readonly ObjectiveTermCost[]): string {
  const widest = widestTerm(terms);
  if (proof.gap === null || isBest(proof.gap) || widest === null) return gapWords(proof.gap);
  return `most of what is left is in: ${OBJECTIVE_WORDS[widest.objective].toLowerCase()}`;
}

function bytesWords(bytes: number, least: number, reason: string | null): string {
  const times = least > 0 ? `, ${(bytes / least).toFixed(2)}x of it` : '';
  return `Any plan that comes as far moves at least ${formatBytes(least)}; this one moves ${formatBytes(bytes)}${times}.${reason === null ? '' : ` ${reason}`}`;
}

function TermTable({ terms }: { readonly terms: readonly ObjectiveTermCost[] }) {
  return (
    <div className={classes['tableScroll']} tabIndex={0} role="region" aria-label="What each objective costs">
      <table className={classes['table']}>
        <caption className={classes['caption']}>What each objective costs, weighted; only comparable within this plan</caption>
        <thead><tr><th scope="col">Priority</th><th scope="col">Objective</th><th scope="col">Weight</th><th scope="col">Now</th><th scope="col">After</th><th scope="col">Never below</th><th scope="col">Because</th></tr></thead>
        <tbody>
          {terms.map((term) => (
            <tr key={`${term.bucket} ${term.objective}`}>
              <td>{BUCKET_WORDS[term.bucket]}</td><th scope="row">{OBJECTIVE_WORDS[term.objective]}</th><td>× {Number(term.weight.toPrecision(3))}</td>
              <td>{amount(term.before)}</td><td>{amount(term.after)}</td><td>{amount(term.lowerBound)}</td><td className={classes['wrap']}>{term.message ?? 'nothing holds it up'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Costs have no unit. */
function amount(value: number): string {
  if (value === 0) return '0';
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)));
}
