import type { DomainEvent, ShardMoved } from '@/lib/contract/events';
import type { ClusterChange, Publisher } from '@/lib/manager/ports';
import { Listeners } from '@/lib/platform/disposable';

/**
 * The manager's Publisher: passes on what happened to whoever listens. It exists before
 * the fleet does, which needs it, and before the gateway, which needs the fleet.
 */
export class ChangeHub implements Publisher {
  readonly changes: Listeners<ClusterChange>;
  readonly events: Listeners<DomainEvent>;
  readonly moves: Listeners<ShardMoved>;
  readonly gone: Listeners<string>;

  /** `onError` is told what a listener throws; the manager never is. */
  constructor(onError: (error: unknown) => void) {
    this.changes = new Listeners(onError);
    this.events = new Listeners(onError);
    this.moves = new Listeners(onError);
    this.gone = new Listeners(onError);
  }

  clusterChanged(change: ClusterChange): void {
    this.changes.emit(change);
  }

  eventAppended(event: DomainEvent): void {
    this.events.emit(event);
  }

  shardMoved(moved: ShardMoved): void {
    this.moves.emit(moved);
  }

  clusterGone(clusterId: string): void {
    this.gone.emit(clusterId);
  }
}
