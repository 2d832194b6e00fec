import { NodeSwatch, type NodeNames } from '@/components/charts/node-names';
import { printName, printNumber } from '@/lib/client/print-number';
import type { Alternative } from '@/lib/contract/plan-proof';
import classes from './steps-table.module.css';

/** Where else a move could have gone: what turned each place down, with its numbers and what would have to change. */
export function AlternativeList({ alternative, names }: { readonly alternative: Alternative; readonly names: NodeNames }) {
  return (
    <ul className={classes['candidates']} aria-label="Places it does not go to">
      {alternative.candidates.map((candidate) => (
        <li key={candidate.nodeId}>
          <span className={classes['candidate']}><NodeSwatch nodeId={candidate.nodeId} names={names} /> {names.nameOf(candidate.nodeId)}</span>
          <span>
            {candidate.message}
            <span className={classes['numbers']}>
              <code>{candidate.code}</code>
              {Object.entries(candidate.numbers).map(([name, value]) => <span key={name}>{printName(name)} {printNumber(name, value)}</span>)}
            </span>
            {candidate.remedy !== null && <span className={classes['remedy']}>To allow it: {candidate.remedy}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}
