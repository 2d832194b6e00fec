import type { Peer } from '@/lib/contract/agent-protocol';
import { err, ok, type Result } from '@/lib/platform/result';
import { CopyStateSchema, PEER_BASE_PATH, PeerRefusalSchema, type CopyState, type PeerAction, type PeerRefusal, type PeerRequest } from './peer-protocol';
import type { Traffic } from './traffic';

/** Calls of one reference node to others. Never rejects: who does not answer is a refusal `no-answer`. */
export class PeerClient {
  constructor(private readonly options: { readonly nodeId: string; readonly peerKey: string; readonly traffic: Traffic }) {}

  async call<A extends PeerAction>(peer: Peer, shardId: number, action: A, request: PeerRequest<A>, timeoutMs: number): Promise<Result<CopyState, PeerRefusal>> {
    const body = JSON.stringify(request);
    try {
      const response = await fetch(`http://${peer.address}${PEER_BASE_PATH}/${shardId}/${action}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'authorization': `Bearer ${this.options.peerKey}`, 'x-node-id': this.options.nodeId },
        body,
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      this.options.traffic.add(body.length);
      const value: unknown = await response.json();
      if (response.ok) return ok(CopyStateSchema.parse(value));
      const refusal = PeerRefusalSchema.safeParse(value);
      return err(refusal.success ? refusal.data : { code: 'no-answer', message: `${peer.address} answered ${response.status}` });
    } catch (error) {
      return err({ code: 'no-answer', message: `${peer.address}: ${causeOf(error)}` });
    }
  }
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
