import type { Socket } from 'socket.io';
import type { ClientToServerEvents, LiveView, ServerToClientEvents } from '@/lib/contract/live';
import type { Room, Subscriber } from './room';

export type LiveSocket = Socket<ClientToServerEvents, ServerToClientEvents>;

/** Bytes queued for a client at which it is collapsed to the latest snapshot. */
const QUEUED_BYTES_MAX = 1024 * 1024;
/** Five views of a cluster, for a console that compares a few clusters. */
export const SUBSCRIPTIONS_MAX = 32;

/** One connected browser: its rooms and how much waits to be sent to it. */
export class LiveClient implements Subscriber {
  readonly rooms = new Map<string, Room<LiveClient>>();
  /** Bytes of snapshots that may still be queued: a large table alone is no sign of a slow client. */
  #snapshotBytes = 0;

  constructor(readonly socket: LiveSocket) {}

  isCongested(): boolean {
    return this.#queuedBytes() > QUEUED_BYTES_MAX + this.#snapshotBytes;
  }

  hasRoomForSnapshot(): boolean {
    return this.#queuedBytes() <= QUEUED_BYTES_MAX;
  }

  /** To be called around the sending of a snapshot. */
  countSnapshot(send: () => void): void {
    const before = this.#queuedBytes();
    send();
    this.#snapshotBytes += Math.max(0, this.#queuedBytes() - before);
  }

  #queuedBytes(): number {
    const queued = queuedBytesOf(this.socket);
    if (queued <= QUEUED_BYTES_MAX) this.#snapshotBytes = 0;
    return queued;
  }
}

export function roomKey(clusterId: string, view: LiveView): string {
  return `${clusterId}/${view}`;
}

interface EngineConnection {
  readonly writeBuffer: readonly { readonly data?: string | Buffer }[];
  readonly transport: { readonly socket?: { readonly bufferedAmount?: number } };
}

/**
 * What the engine holds back (the transport is busy or polls) and what the WebSocket has
 * taken but the network has not. engine.io has no public count of either; both fields have
 * kept their names since its version 1, and a test notices when they do not.
 */
function queuedBytesOf(socket: LiveSocket): number {
  const connection = socket.conn as unknown as EngineConnection;
  const held = connection.writeBuffer.reduce((sum, packet) => sum + (packet.data?.length ?? 0), 0);
  return held + (connection.transport.socket?.bufferedAmount ?? 0);
}
