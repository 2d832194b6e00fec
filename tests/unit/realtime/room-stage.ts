/** Rooms, their clients and what travels between them, for tests of live push. */
import parser from 'socket.io-msgpack-parser';
import { createLiveState, reduceLive, type LiveState } from '@/lib/client/live-state';
import type { LiveView } from '@/lib/contract/live';
import type { ClusterView } from '@/lib/manager/ports';
import { VirtualClock } from '@/lib/platform/virtual-clock';
import { EventsFeed } from '@/lib/realtime/events-feed';
import { MovesFeed } from '@/lib/realtime/moves-feed';
import { NodesFeed } from '@/lib/realtime/nodes-feed';
import { Revisions, Room, type RoomMessage, type Subscriber } from '@/lib/realtime/room';
import { ShardsFeed } from '@/lib/realtime/shards-feed';
import { SummaryFeed } from '@/lib/realtime/summary-feed';
import { nodeNamed } from '@/tests/support/cluster-states';
import { clusterViewOf } from '@/tests/support/cluster-views';

/** Over the real wire encoding, so that bytes, NaN and undefined are what a browser gets. */
function overTheWire(message: RoomMessage): RoomMessage {
  const received: RoomMessage[] = [];
  const decoder: { on(event: string, listener: (packet: { data: RoomMessage[] }) => void): void; add(bytes: unknown): void } = new parser.Decoder();
  decoder.on('decoded', ({ data }) => { received.push(...data); });
  // Its types promise one buffer; it gives a list, as socket.io wants it.
  const encoded: unknown = new parser.Encoder().encode({ type: 2, nsp: '/', data: [message] });
  for (const bytes of encoded as readonly Buffer[]) decoder.add(bytes);
  return received[0]!;
}

export class TestClient implements Subscriber {
  state: LiveState = createLiveState('c');
  congested = false;
  /** Loses what is sent to it, as a connection that broke does. */
  deaf = false;
  snapshots = 0;
  readonly resyncs = new Set<LiveView>();
  readonly heads: string[] = [];

  isCongested(): boolean { return this.congested; }
  hasRoomForSnapshot(): boolean { return !this.congested; }

  receive(message: RoomMessage): void {
    if (message.kind === 'snapshot') this.snapshots += 1;
    if (this.deaf) return;
    const { state, resync } = reduceLive(this.state, message);
    this.state = state;
    if (resync !== null) this.resyncs.add(resync);
  }
}

/** A cluster's rooms with their clients, on a clock that stands still. */
export class Stage {
  readonly clock = new VirtualClock();
  readonly revisions = new Revisions();
  readonly events = new EventsFeed();
  view: ClusterView = clusterViewOf({ nodes: ['a', 'b', 'c', 'd'].map((id) => nodeNamed(id)) });
  messages = 0;
  /** Holds work back instead of doing it at once. */
  waiting: (() => void)[] | null = null;
  readonly rooms = new Map<LiveView, Room<TestClient>>();

  room(view: LiveView): Room<TestClient> {
    const known = this.rooms.get(view);
    if (known !== undefined) return known;
    const room = new Room<TestClient>({
      inTurn: (work) => {
        if (this.waiting === null) work();
        else this.waiting.push(work);
      },
      clusterId: 'c', view, clock: this.clock, revisions: this.revisions, readView: () => this.view,
      createFeed: (picture) => {
        switch (view) {
          case 'summary': return new SummaryFeed(picture);
          case 'nodes': return new NodesFeed(picture);
          case 'shards': return new ShardsFeed(picture);
          case 'moves': return new MovesFeed(picture);
          case 'events': return this.events;
        }
      },
      send: (clients, message) => {
        this.messages += 1;
        const received = overTheWire(message);
        for (const client of clients) client.receive(received);
      },
    });
    this.rooms.set(view, room);
    return room;
  }

  join(view: LiveView, client: TestClient): void {
    this.room(view).join(client);
  }

  leave(view: LiveView, client: TestClient): void {
    const room = this.rooms.get(view);
    room?.leave(client);
    if (room?.isEmpty === true) this.rooms.delete(view);
  }

  change(next: ClusterView): void {
    this.view = next;
    for (const [view, room] of this.rooms) if (view !== 'events') room.changed();
  }
}

export function withRevision(view: ClusterView, summary: Partial<ClusterView['summary']> = {}): ClusterView {
  return { ...view, summary: { ...view.summary, revision: view.summary.revision + 1, ...summary } };
}
