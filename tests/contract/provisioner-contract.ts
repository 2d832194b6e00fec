/** The rules that every provisioner keeps, whatever its nodes are. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProvisionedNodeSchema, type NodeProvisioner, type ProvisionedNode, type ProvisionerFailure } from '@/lib/contract/provisioner';
import type { Result } from '@/lib/platform/result';

export interface ProvisionerHarness {
  /** Another manager's provisioner over the same machines; the one before is not closed, as after a crash. */
  open(): NodeProvisioner;
  /** Nodes that exist out there, counted without asking the provisioner. */
  nodesOutThere(): Promise<number>;
  /** Is there a node of ours at this address, by the look of it from outside? */
  isThere(address: string): Promise<boolean>;
  /** Behind its back; absent where the nodes are not its to start again. */
  killNode?(address: string): Promise<void>;
  stop(): Promise<void>;
}

export interface ProvisionerTraits {
  /** How many nodes it makes before it says quota. */
  readonly nodesMax: number;
  /** Starts again what has stopped. */
  readonly restartsNodes: boolean;
}

const NEVER = new AbortController().signal;

export function describeProvisionerContract(name: string, start: () => Promise<ProvisionerHarness>, traits: ProvisionerTraits): void {
  describe(`${name} as a provisioner`, () => {
    let harness: ProvisionerHarness;
    let provisioner: NodeProvisioner;
    beforeEach(async () => {
      harness = await start();
      provisioner = harness.open();
    });
    afterEach(async () => {
      await provisioner.close();
      await harness.stop();
    });

    /** Asks and looks until the node is ready, as the manager does. */
    async function ready(intentId: string, from = provisioner): Promise<ProvisionedNode> {
      let answer: Result<ProvisionedNode | null, ProvisionerFailure> = await from.provision({ intentId, zone: null }, NEVER);
      const deadline = performance.now() + 20_000;
      while (answer.ok && answer.value?.state !== 'ready' && performance.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        answer = await from.find(intentId, NEVER);
      }
      if (!answer.ok || answer.value === null) throw new Error(JSON.stringify(answer));
      expect(ProvisionedNodeSchema.parse(answer.value)).toMatchObject({ intentId, state: 'ready' });
      return answer.value;
    }

    it('has nothing before it is asked, and a node that answers afterwards', async () => {
      expect(await provisioner.list(NEVER)).toEqual({ ok: true, value: [] });
      expect(await provisioner.find('op-0', NEVER)).toEqual({ ok: true, value: null });
      const node = await ready('op-0');
      expect(await harness.isThere(node.address!)).toBe(true);
      expect(await provisioner.list(NEVER)).toEqual({ ok: true, value: [node] });
      expect(await harness.nodesOutThere()).toBe(1);
    });

    it('[S7] makes one node per intent, however often and by whoever it is asked, at once or one after the other', async () => {
      const asked = await Promise.all([1, 2, 3].map(() => provisioner.provision({ intentId: 'op-0', zone: null }, NEVER)));
      for (const answer of asked) expect(answer.ok || answer.error.code).toBe(true);
      const first = await ready('op-0');
      const again = await ready('op-0', harness.open());
      expect(again).toEqual(first);
      expect(await harness.nodesOutThere()).toBe(1);
      const other = await ready('op-1');
      expect(other.address).not.toBe(first.address);
      expect(await harness.nodesOutThere()).toBe(2);
    });

    it('is found again by another manager, which keeps nothing of the one before, and can return it', async () => {
      const node = await ready('op-0');
      const next = harness.open();
      expect(await next.find('op-0', NEVER)).toEqual({ ok: true, value: node });
      expect(await next.list(NEVER)).toEqual({ ok: true, value: [node] });
      expect(await next.deprovision('op-0', NEVER)).toEqual({ ok: true, value: null });
      expect(await provisioner.list(NEVER)).toEqual({ ok: true, value: [] });
      expect(await harness.nodesOutThere()).toBe(0);
    });

    it('returns a node once, and says that one is returned which was never there', async () => {
      const node = await ready('op-0');
      await ready('op-1');
      expect(await provisioner.deprovision('op-0', NEVER)).toEqual({ ok: true, value: null });
      expect(await harness.isThere(node.address!)).toBe(false);
      expect(await provisioner.deprovision('op-0', NEVER)).toEqual({ ok: true, value: null });
      expect(await provisioner.deprovision('never-0', NEVER)).toEqual({ ok: true, value: null });
      expect(await provisioner.find('op-0', NEVER)).toEqual({ ok: true, value: null });
      expect(await harness.nodesOutThere()).toBe(1);
    });

    it('lists in order of the intents', async () => {
      for (const intentId of ['op-2', 'op-0', 'op-1']) await ready(intentId);
      const listed = await provisioner.list(NEVER);
      expect(listed.ok && listed.value.map(({ intentId }) => intentId)).toEqual(['op-0', 'op-1', 'op-2']);
    });

    it('answers quota when there are no more to be had, makes nothing then, and makes one again when one was returned', async () => {
      for (let n = 0; n < traits.nodesMax; n += 1) await ready(`op-${n}`);
      expect(await provisioner.provision({ intentId: 'op-x', zone: null }, NEVER)).toMatchObject({ ok: false, error: { code: 'quota', retryable: false } });
      expect(await provisioner.find('op-x', NEVER)).toEqual({ ok: true, value: null });
      expect(await harness.nodesOutThere()).toBe(traits.nodesMax);
      await provisioner.deprovision('op-0', NEVER);
      await ready('op-x');
    });

    it('does nothing for a call that was aborted before it began', async () => {
      const aborted = AbortSignal.abort();
      expect(await provisioner.provision({ intentId: 'op-0', zone: null }, aborted)).toMatchObject({ ok: false, error: { code: 'interrupted', retryable: true } });
      expect(await provisioner.list(aborted)).toMatchObject({ ok: false, error: { code: 'interrupted' } });
      expect(await harness.nodesOutThere()).toBe(0);
    });

    if (!traits.restartsNodes) return;
    it('says that a node has stopped, and starts it again on the same address for the same intent', async () => {
      const node = await ready('op-0');
      await harness.killNode!(node.address!);
      expect(await provisioner.find('op-0', NEVER)).toEqual({ ok: true, value: { ...node, state: 'stopped' } });
      expect(await ready('op-0')).toEqual(node);
      await harness.killNode!(node.address!);
      expect(await provisioner.deprovision('op-0', NEVER)).toEqual({ ok: true, value: null });
      expect(await provisioner.list(NEVER)).toEqual({ ok: true, value: [] });
    });
  });
}
