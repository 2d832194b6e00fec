import { formatDuration, plural } from '@/lib/client/format';
import type { DecisionRecord } from '@/lib/contract/scaling-record';
import type { DecisionEntry } from '@/lib/contract/scaling-view';
import { Fold } from '@/components/ui/fold';
import { METRIC_WORDS } from './policy-words';
import { printMetric } from './threshold-lines';
import classes from './decisions.module.css';

/** What the server puts between the chain and the nearest value at which something else would have happened. */
const BEFORE_COUNTERFACTUAL = '. Would ';

/** "Grow from 12 to 14 nodes". */
export function decisionHeadline({ action, outcome, nodeCount, decided }: DecisionRecord): string {
  const would = outcome === 'advise' ? 'Would ' : outcome === 'propose' ? 'Asks to ' : '';
  const say = (words: string) => (would === '' ? words.charAt(0).toUpperCase() + words.slice(1) : would + words);
  switch (action) {
    case 'hold': return `Hold at ${plural(nodeCount, 'node')}`;
    case 'scale-out': return say(`grow from ${nodeCount} to ${plural(decided, 'node')}`);
    case 'scale-in': return say(`shrink from ${nodeCount} to ${plural(decided, 'node')}`);
    case 'rebalance': return say(`rebalance and keep ${plural(nodeCount, 'node')}`);
    case 'repair': return `Repair first, ${plural(nodeCount, 'node')}`;
    case 'split': return 'One shard is too hot and cannot be split';
  }
}

/** One evaluation: what was decided, by which chain, and what each rule saw. */
export function DecisionDetails({ entry, open = false }: { readonly entry: DecisionEntry; readonly open?: boolean }) {
  const { record, text } = entry;
  const [reasons = text, counterfactual] = text.split(BEFORE_COUNTERFACTUAL);
  const chain = chainParts(reasons, record);
  return (
    <div>
      <p className={classes['headline']}>{decisionHeadline(record)}</p>
      <p className={classes['chain']}>
        {chain.map(({ words, binding }, at) => (
          <span key={at}>{at > 0 && <span aria-hidden="true"> → </span>}<span className={binding ? classes['binding'] : undefined}>{words}{binding && <span className="ps-visually-hidden"> (had the last word)</span>}</span></span>
        ))}
      </p>
      {counterfactual !== undefined && <p className={classes['chain']}>Would {counterfactual}</p>}
      <Fold title="What each rule saw" note={plural(record.rules.length, 'rule')} open={open}>
        <div className={classes['scroll']} tabIndex={0} role="region" aria-label="What each rule saw">
          <table className={classes['rules']}>
            <thead><tr><th scope="col">Rule</th><th scope="col">Value</th><th scope="col">Adds at</th><th scope="col">Wants now</th><th scope="col">Window</th><th scope="col">Over it</th></tr></thead>
            <tbody>
              {record.rules.map((rule) => (
                <tr key={rule.ruleId}>
                  <th scope="row">{rule.ruleId} <span className={classes['dim']}>{METRIC_WORDS[rule.metric]}, {rule.aggregate}</span></th>
                  <td>{printMetric(rule.metric, rule.value)}</td>
                  <td>{printMetric(rule.metric, rule.threshold)}</td>
                  <td>{rule.wanted === null ? 'unknown' : plural(rule.wanted, 'node')}</td>
                  <td>{rule.windowMs === 0 ? 'now' : formatDuration(rule.windowMs)}</td>
                  <td>{rule.wantedOut !== null ? `${rule.wantedOut} or more` : rule.wantedIn !== null ? `${rule.wantedIn} would do` : 'no fewer'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Fold>
    </div>
  );
}

/** The server's words, link by link, with the link that had the last word marked. */
function chainParts(text: string, record: DecisionRecord): readonly { readonly words: string; readonly binding: boolean }[] {
  const words = text.split(' -> ');
  const bindingAt = record.bindingCode === null || words.length !== record.chain.length ? -1 : record.chain.findLastIndex(({ code }) => code === record.bindingCode);
  return words.map((part, at) => ({ words: part, binding: at === bindingAt }));
}
