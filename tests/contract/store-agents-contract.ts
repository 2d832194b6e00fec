import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store, StoreWrite } from '@/lib/contract/storage';
import { VirtualClock } from '@/lib/platform/virtual-clock';
import { NOW_MS } from './store-contract';
import { agentRecord, enrolmentToken, insertCluster } from './store-fixtures';

/** Enrolment as every Store keeps it. */
export function describeStoredAgents(name: string, open: (clock: VirtualClock) => Promise<Store>): void {
  describe(`${name}: agents`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open(new VirtualClock({ wallStartMs: NOW_MS }));
      await take(insertCluster());
    });
    afterEach(async () => { await store.close(); });

    const take = async (...writes: StoreWrite[]) => { expect(await store.commit(writes)).toEqual({ ok: true, value: undefined }); };
    const refuse = async (code: string, write: StoreWrite) => { expect(await store.commit([write])).toMatchObject({ ok: false, error: { code } }); };
    const token = enrolmentToken();
    const insertToken: StoreWrite = { kind: 'insert-enrolment-token', token };
    const enrol = (change: Parameters<typeof agentRecord>[0] = {}): StoreWrite => ({ kind: 'enrol-agent', tokenHash: token.tokenHash, agent: agentRecord(change) });

    it('a token enrols one node, once, and names it afterwards', async () => {
      await take(insertToken);
      expect(await store.enrolmentToken(token.tokenHash)).toEqual(token);
      await take(enrol());
      expect(await store.enrolmentToken(token.tokenHash)).toEqual({ ...token, usedByNodeId: 'node-1' });
      expect(await store.agents('cluster-1')).toEqual([agentRecord()]);
      await refuse('conflict', enrol({ nodeId: 'node-2' }));
    });

    it('of two that come with one token at once, one is enrolled', async () => {
      await take(insertToken);
      const results = await Promise.all([store.commit([enrol()]), store.commit([enrol({ nodeId: 'node-2' })])]);
      expect(results.map((result) => result.ok).sort()).toEqual([false, true]);
      expect(await store.agents('cluster-1')).toHaveLength(1);
    });

    it('what nobody has used is listed, newest first, and can be taken back; what was used cannot', async () => {
      const older = enrolmentToken({ tokenHash: 'e'.repeat(64), createdAtMs: token.createdAtMs - 1 });
      await take(insertToken, { kind: 'insert-enrolment-token', token: older });
      expect(await store.unusedEnrolmentTokens('cluster-1')).toEqual([token, older]);
      expect(await store.unusedEnrolmentTokens('cluster-2')).toEqual([]);
      await take(enrol());
      expect(await store.unusedEnrolmentTokens('cluster-1')).toEqual([older]);
      const revoke = (tokenHash: string, clusterId = 'cluster-1'): StoreWrite => ({ kind: 'delete-enrolment-token', clusterId, tokenHash });
      await refuse('conflict', revoke(token.tokenHash));
      await refuse('not-found', revoke(older.tokenHash, 'cluster-2'));
      await take(revoke(older.tokenHash));
      await refuse('not-found', revoke(older.tokenHash));
      expect(await store.enrolmentToken(older.tokenHash)).toBeNull();
    });

    it('an expired token, an unknown one, or one of another cluster enrols nobody', async () => {
      await take(insertToken, insertCluster({ id: 'cluster-2', name: 'Other' }));
      await refuse('conflict', enrol({ enrolledAtMs: token.expiresAtMs }));
      await refuse('not-found', { kind: 'enrol-agent', tokenHash: 'd'.repeat(64), agent: agentRecord() });
      await refuse('not-found', enrol({ clusterId: 'cluster-2' }));
      expect(await store.agents('cluster-1')).toEqual([]);
    });

    it('a node is changed, never made, by saving it; tokens and agents go with their cluster', async () => {
      await refuse('not-found', { kind: 'save-agent', agent: agentRecord() });
      await refuse('not-found', { kind: 'insert-enrolment-token', token: enrolmentToken({ clusterId: 'nobody' }) });
      await take(insertToken, enrol());
      await refuse('already-exists', insertToken);
      const removed = agentRecord({ acceptedAtMs: 3_000, removedAtMs: 4_000 });
      await take({ kind: 'save-agent', agent: removed });
      expect(await store.agents('cluster-1')).toEqual([removed]);
      await take({ kind: 'delete-cluster', clusterId: 'cluster-1' });
      expect(await store.agents('cluster-1')).toEqual([]);
      expect(await store.enrolmentToken(token.tokenHash)).toBeNull();
    });
  });
}
