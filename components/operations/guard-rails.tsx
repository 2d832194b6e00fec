import type { NodeNames } from '@/components/charts/node-names';
import { ToneIcon } from '@/components/ui/status-badge';
import { formatCount, plural } from '@/lib/client/format';
import { printName, printNumber } from '@/lib/client/print-number';
import type { GuardRail } from '@/lib/contract/plan-proof';
import { RAIL_WORDS } from './objective-words';
import classes from './guard-rails.module.css';

interface GuardRailListProps {
  readonly rails: readonly GuardRail[];
  readonly names: Pick<NodeNames, 'nameOf'>;
}

/** What holds today and would not afterwards: hard ones first, which are refused, then those that a human decides. Nothing where nothing breaks. */
export function GuardRailList({ rails, names }: GuardRailListProps) {
  if (rails.length === 0) return null;
  const hard = rails.filter(({ severity }) => severity === 'hard');
  const soft = rails.filter(({ severity }) => severity === 'soft');
  return (
    <div className={classes['rails']}>
      {hard.length > 0 && <Group title="Refused: this would break what always has to hold" note="What would break it is left out of the moves." rails={hard} tone="critical" names={names} />}
      {soft.length > 0 && <Group title="Holds today and would not afterwards" note="Allowed, and asked about when it is approved." rails={soft} tone="warning" names={names} />}
    </div>
  );
}

function Group({ title, note, rails, tone, names }: GuardRailListProps & { readonly title: string; readonly note: string; readonly tone: 'critical' | 'warning' }) {
  return (
    <section className={classes['group']} data-tone={tone} aria-label={title}>
      <p className={classes['head']}><ToneIcon tone={tone} size={16} /> <strong>{title}</strong> <span>{note}</span></p>
      <ul className={classes['list']}>
        {rails.map((rail, index) => (
          <li key={`${rail.rail} ${rail.nodeId ?? ''} ${rail.shardId ?? ''} ${index}`}>
            <span className={classes['rail']}>{RAIL_WORDS[rail.rail]}</span>
            <span>{rail.message}</span>
            <span className={classes['numbers']}>
              {rail.nodeId !== null && <span>{names.nameOf(rail.nodeId)}</span>}
              {rail.shardId !== null && <span>shard {formatCount(rail.shardId)}</span>}
              {Object.entries(rail.numbers).map(([name, value]) => <span key={name}>{printName(name)} {printNumber(rail.rail === 'imbalance' ? 'ratio' : name, value)}</span>)}
              {rail.count > 1 && <span>{plural(rail.count, rail.shardId === null ? 'node' : 'shard')} like it</span>}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Why these guard rails keep the plan from being approved, or `null`. Hard ones are left out of the steps, so what is left may run; nothing left means nothing to run. */
export function refusedByRails(rails: readonly GuardRail[], stepCount: number): string | null {
  const hard = rails.filter(({ severity }) => severity === 'hard');
  return stepCount > 0 || hard.length === 0 ? null : `Refused: ${hard[0]?.message ?? ''}`;
}

/** What is ticked off before the button works; `null` where nothing is. */
export function tickOfRails(rails: readonly GuardRail[]): string | null {
  const hard = rails.filter(({ severity }) => severity === 'hard').length;
  const soft = rails.filter(({ severity }) => severity === 'soft');
  if (hard === 0 && soft.length === 0) return null;
  const without = hard === 0 ? '' : `what would break ${hard === 1 ? 'a rule' : `${hard} rules`} is left out`;
  const breaks = soft.length === 0 ? '' : `${[...new Set(soft.map(({ rail }) => RAIL_WORDS[rail].toLowerCase()))].join(', ')}: holds today and will not afterwards`;
  const text = [without, breaks].filter((part) => part !== '').join('; ');
  return `I have seen it: ${text}`;
}
