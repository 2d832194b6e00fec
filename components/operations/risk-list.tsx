import type { NodeNames } from '@/components/charts/node-names';
import { ToneIcon } from '@/components/ui/status-badge';
import { formatCount } from '@/lib/client/format';
import { printName, printNumber } from '@/lib/client/print-number';
import type { Risk } from '@/lib/contract/plan';
import classes from './plan.module.css';

const TONES = { notice: 'notice', warning: 'warning', danger: 'critical' } as const;
const WORDS = { notice: 'notice', warning: 'warning', danger: 'danger' } as const;

/** What could make a plan turn out otherwise than predicted, each with where and how much. */
export function RiskList({ risks, names }: { readonly risks: readonly Risk[]; readonly names: Pick<NodeNames, 'nameOf'> }) {
  return (
    <ul className={classes['risks']} aria-label="Risks">
      {risks.map((risk, index) => (
        <li key={`${risk.code} ${risk.nodeId ?? ''} ${risk.shardId ?? ''} ${index}`}>
          <ToneIcon tone={TONES[risk.severity]} />
          <span>
            <span className="ps-visually-hidden">{WORDS[risk.severity]}: </span>{risk.message}
            <span className={classes['riskFacts']}>
              <code>{risk.code}</code>
              {risk.nodeId !== null && <span>{names.nameOf(risk.nodeId)}</span>}
              {risk.shardId !== null && <span>shard {formatCount(risk.shardId)}</span>}
              {Object.entries(risk.numbers ?? {}).map(([name, value]) => <span key={name}>{printName(name)} {printNumber(name, value)}</span>)}
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}
