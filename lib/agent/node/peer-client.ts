import type { Peer } from '@/lib/contract/agent-protocol';
import { HttpClient } from '../http-client';
import { err, ok, type Result } from '@/lib/platform/result';
import { CopyStateSchema, PEER_BASE_PATH, PeerRefusalSchema, type CopyState, type PeerAction, type PeerRefusal, type PeerRequest } from './peer-protocol';
import type { Traffic } from './traffic';

/** Calls of one reference node to others. Never rejects: who does not answer is a refusal `no-answer`. */
export class PeerClient {
  readonly #http = new HttpClient();

  constructor(private readonly options: { readonly nodeId: string; readonly peerKey: string; readonly traffic: Traffic }) {}

  async call<A extends PeerAction>(peer: Peer, shardId: number, action: A, request: PeerRequest<A>, timeoutMs: number): Promise<Result<CopyState, PeerRefusal>> {
    const body = JSON.stringify(request);
    try {
      const { status, body: text } = await this.#http.send({
        method: 'POST', url: `http://${peer.address}${PEER_BASE_PATH}/${shardId}/${action}`, body, timeoutMs,
        headers: { 'content-type': 'application/json', 'authorization': `Bearer ${this.options.peerKey}`, 'x-node-id': this.options.nodeId },
      });
      this.options.traffic.add(body.length + text.length);
      const value: unknown = JSON.parse(text.toString());
      if (status === 200) return ok(CopyStateSchema.parse(value));
      const refusal = PeerRefusalSchema.safeParse(value);
      return err(refusal.success ? refusal.data : { code: 'no-answer', message: `${peer.address} answered ${status}` });
    } catch (error) {
      return err({ code: 'no-answer', message: `${peer.address}: ${error instanceof Error ? error.message : String(error)}` });
    }
  }

  close(): void {
    this.#http.close();
  }
}
