import type { ShardMoved } from '@/lib/contract/events';
import type { Node } from '@/lib/contract/node';
import type { Operation } from '@/lib/contract/operation';
import type { ScalingDecision } from '@/lib/contract/scaling';
import { Listeners, type Unsubscribe } from '@/lib/platform/disposable';

/** What a program that embeds the manager may listen to; each is told after it is so. */
export interface ManagerSubscription {
  readonly nodeAdded?: (node: Node) => void;
  readonly nodeRemoved?: (node: Node) => void;
  /** Liveness or lifecycle changed. */
  readonly nodeStatus?: (node: Node) => void;
  readonly rebalanceStarted?: (operation: Operation) => void;
  /** In any terminal status. */
  readonly rebalanceCompleted?: (operation: Operation) => void;
  readonly shardMoved?: (moved: ShardMoved) => void;
  readonly scalingDecided?: (decision: ScalingDecision) => void;
}

type Payload<K extends keyof ManagerSubscription> = Parameters<NonNullable<ManagerSubscription[K]>>[0];

export class ManagerCallbacks {
  readonly nodeAdded: Listeners<Payload<'nodeAdded'>>;
  readonly nodeRemoved: Listeners<Payload<'nodeRemoved'>>;
  readonly nodeStatus: Listeners<Payload<'nodeStatus'>>;
  readonly rebalanceStarted: Listeners<Payload<'rebalanceStarted'>>;
  readonly rebalanceCompleted: Listeners<Payload<'rebalanceCompleted'>>;
  readonly shardMoved: Listeners<Payload<'shardMoved'>>;
  readonly scalingDecided: Listeners<Payload<'scalingDecided'>>;

  constructor(onError: (error: unknown) => void) {
    this.nodeAdded = new Listeners(onError);
    this.nodeRemoved = new Listeners(onError);
    this.nodeStatus = new Listeners(onError);
    this.rebalanceStarted = new Listeners(onError);
    this.rebalanceCompleted = new Listeners(onError);
    this.shardMoved = new Listeners(onError);
    this.scalingDecided = new Listeners(onError);
  }

  subscribe(subscription: ManagerSubscription): Unsubscribe {
    const { nodeAdded, nodeRemoved, nodeStatus, rebalanceStarted, rebalanceCompleted, shardMoved, scalingDecided } = subscription;
    const stops: Unsubscribe[] = [];
    if (nodeAdded) stops.push(this.nodeAdded.add(nodeAdded));
    if (nodeRemoved) stops.push(this.nodeRemoved.add(nodeRemoved));
    if (nodeStatus) stops.push(this.nodeStatus.add(nodeStatus));
    if (rebalanceStarted) stops.push(this.rebalanceStarted.add(rebalanceStarted));
    if (rebalanceCompleted) stops.push(this.rebalanceCompleted.add(rebalanceCompleted));
    if (shardMoved) stops.push(this.shardMoved.add(shardMoved));
    if (scalingDecided) stops.push(this.scalingDecided.add(scalingDecided));
    return () => { for (const stop of stops) stop(); };
  }
}
