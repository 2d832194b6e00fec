'use client';

import { Checkbox } from '@mantine/core';
import { NodeLink, type NodeNames } from '@/components/charts/node-names';
import { RefusalList } from '@/components/ui/refusal-list';
import { StatusBadge } from '@/components/ui/status-badge';
import { plural } from '@/lib/client/format';
import type { ShardFinding } from '@/lib/contract/shard-mending';
import { FAULT_WORDS, lossWords, movesKeys, rangesWords, remedyWords } from './mend-words';
import classes from './mending.module.css';

export interface FindingCardProps {
  readonly finding: ShardFinding;
  readonly names: NodeNames;
  readonly clusterId: string;
  /** The operator gives up what only gone nodes have. */
  readonly acceptLoss: boolean;
  readonly chosen: boolean;
  readonly onChosen: (chosen: boolean) => void;
}

/** Shards with one fault and one remedy: what the nodes say, what would be done and why, and what could be lost. */
export function FindingCard({ finding, names, clusterId, acceptLoss, chosen, onChosen }: FindingCardProps) {
  const { ranges, shardCount, holders, message, remedy, remedyWithLoss, refusal } = finding;
  const taken = remedy ?? (acceptLoss ? remedyWithLoss : null);
  const loss = lossWords(finding);
  const title = `${plural(shardCount, 'shard')}: ${rangesWords(ranges)}`;
  return (
    <li className={classes['finding']}>
      <div className={classes['findingHead']}>
        {taken === null
          ? <h3 className={classes['ranges']}>{title}</h3>
          : <Checkbox classNames={{ label: classes['ranges'] ?? '' }} checked={chosen} onChange={(event) => { onChosen(event.currentTarget.checked); }} label={title} />}
        <StatusBadge status={FAULT_WORDS[finding.fault]} />
      </div>
      <dl className={classes['facts']}>
        <dt>The nodes say</dt>
        <dd>{shardCount === 1 ? message : `Of each: ${message}`}.</dd>
        <dt>Keys are on</dt>
        <dd>
          {holders.length === 0 ? 'no node that answers' : (
            <ul className={classes['holders']}>
              {holders.map(({ nodeId, keyCount }) => <li key={nodeId}><NodeLink nodeId={nodeId} names={names} clusterId={clusterId} /> <span className={classes['dim']}>{plural(keyCount, 'key')}</span></li>)}
            </ul>
          )}
        </dd>
        <dt>{taken === null ? 'Refused' : 'Would be done'}</dt>
        <dd>
          {taken === null && refusal !== null && <RefusalList refusals={[refusal]} nameOf={names.nameOf} />}
          {taken !== null && <><strong>{remedyWords(taken, shardCount, names.nameOf)}.</strong> <span className={classes['dim']}>{shardCount === 1 ? 'Why: ' : 'Why, for each: '}{taken.reason.message}.</span></>}
        </dd>
        {taken !== null && finding.caution !== null && <><dt>Mind</dt><dd data-caution>{finding.caution}.</dd></>}
        <dt>Could be lost</dt>
        <dd data-loss={loss !== null || undefined}>{loss ?? (taken !== null && movesKeys(taken) ? 'Nothing. A key with different values on two nodes stays on both and is named in the result' : 'Nothing')}</dd>
      </dl>
    </li>
  );
}
