import type { NodeReading } from './node-reading';
import { isPrimary } from './topology';

type Answer = Pick<NodeReading, 'view' | 'clusterInfo'>;

/**
 * Do the nodes themselves say that they serve (cluster_state)? Those that hold slots are
 * asked. A primary without any says `fail` until it has heard of all slots, for seconds
 * after it was met, and turns no client away meanwhile that others would not serve. Where
 * nobody holds a slot (a cluster that is only being made) everybody's word counts.
 */
export function isServing(answers: readonly Answer[]): boolean {
  const primaries = answers.filter(({ view }) => isPrimary(view.self));
  const holders = primaries.filter(({ view }) => view.self.slots.length > 0);
  return (holders.length > 0 ? holders : primaries).every(saysOk);
}

/** Nodes whose own word that they do not serve is news: not a newcomer's that has no slots while those that have them serve. */
export function notServing<T extends Answer>(answers: readonly T[]): readonly T[] {
  const isFine = isServing(answers);
  return answers.filter((answer) => !saysOk(answer) && !(isFine && isPrimary(answer.view.self) && answer.view.self.slots.length === 0));
}

function saysOk({ clusterInfo }: Answer): boolean {
  return clusterInfo.get('cluster_state') === 'ok';
}
