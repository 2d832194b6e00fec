/** The manager's commands as the reference node carries them out. */
import type { AgentCommand, CommandOutcome, HeldShard } from '@/lib/contract/agent-protocol';
import type { DriverFailure } from '@/lib/contract/operation';
import { assertNever } from '@/lib/platform/assert';
import { err, ok, type Result } from '@/lib/platform/result';
import type { CommandContext } from '../managed-database';
import { emptyShard, type NodeStore } from './node-store';
import type { PeerEndpoint } from './peer-endpoint';
import type { ShardPipe } from './shard-pipe';
import type { ShardTransfer } from './shard-transfer';

type CommandOf<K extends AgentCommand['kind']> = Extract<AgentCommand, { kind: K }>;
type Outcome = Result<CommandOutcome, DriverFailure>;

const NOTHING: CommandOutcome = { bytes: 0, keyCount: 0, shard: null };

export interface NodeCommandsOptions {
  readonly nodeId: string;
  readonly store: NodeStore;
  readonly transfer: ShardTransfer;
  readonly peerEndpoint: PeerEndpoint;
  readonly pipeOf: (shardId: number) => ShardPipe;
  readonly heldShard: (shardId: number) => HeldShard | null;
  readonly setDraining: (draining: boolean) => Promise<void>;
}

export class NodeCommands {
  constructor(private readonly options: NodeCommandsOptions) {}

  async execute(command: AgentCommand, context: CommandContext): Promise<Outcome> {
    const { transfer } = this.options;
    switch (command.kind) {
      case 'inspectShard': return ok({ ...NOTHING, shard: this.options.heldShard(command.shardId) });
      case 'copyShard': return await transfer.copy(command.shardId, command.target, context);
      case 'verifyShard':
        context.onProgress({ stage: 'verifying', bytesDone: 0, keysDone: 0 });
        return await transfer.verify(command.shardId, command.target);
      case 'commitShard':
        context.onProgress({ stage: 'committing', bytesDone: 0, keysDone: 0 });
        return await this.#commit(command);
      case 'dropShard': return await this.#drop(command);
      case 'setRole': return await this.#setRole(command);
      case 'drain':
        await this.options.setDraining(command.draining);
        return ok(NOTHING);
      default: return assertNever(command);
    }
  }

  async #commit({ shardId, target, role, shardEpoch, replaces }: CommandOf<'commitShard'>): Promise<Outcome> {
    const { transfer } = this.options;
    if (role === 'primary') return await transfer.handOver(shardId, { target, epoch: shardEpoch, stay: false });
    if (replaces === null) return err(refused(`commitShard of a secondary names the one it replaces`));
    return await transfer.replaceSecondary(shardId, { target, epoch: shardEpoch, replaces });
  }

  async #drop({ shardId, shardEpoch, superseded }: CommandOf<'dropShard'>): Promise<Outcome> {
    const { store, pipeOf, peerEndpoint } = this.options;
    return await pipeOf(shardId).exclusively(async () => {
      const record = store.shard(shardId);
      // Brought here, or told, by the new primary since: nothing of before is left.
      if (superseded && record !== null && record.role !== 'primary' && record.epoch >= shardEpoch) return ok({ ...NOTHING, keyCount: 0 });
      if (record?.role === 'primary' && !(superseded && record.epoch < shardEpoch)) return err(refused(`This node is the primary of shard ${shardId}: it is not dropped`));
      if (record?.role === 'secondary' && record.epoch > shardEpoch) return err({ code: 'topology-changed', message: `Shard ${shardId} is at epoch ${record.epoch} here; ${shardEpoch} is outdated`, retryable: false });
      await store.commit((tx) => { tx.raiseFloor(shardId, shardEpoch); });
      await peerEndpoint.clear(shardId, (tx) => { tx.forget(shardId); });
      return ok({ ...NOTHING, keyCount: record?.keyCount ?? 0 });
    });
  }

  async #setRole(command: CommandOf<'setRole'>): Promise<Outcome> {
    const { nodeId, transfer } = this.options;
    const { shardId, primary, shardEpoch } = command;
    if (command.create) return await this.#create(command);
    if (command.takeOver) return await this.#takeOver(command);
    if (primary.nodeId !== nodeId) return await transfer.handOver(shardId, { target: primary, epoch: shardEpoch, stay: true });
    return await this.#serveAgain(command);
  }

  /** The handover was called off: the target refuses this epoch's predecessor by now, so nobody else can serve. */
  async #serveAgain({ shardId, shardEpoch }: CommandOf<'setRole'>): Promise<Outcome> {
    const { store, pipeOf } = this.options;
    return await pipeOf(shardId).exclusively(async () => {
      const record = store.shard(shardId);
      if (record?.role !== 'primary') return err({ code: 'not-owner', message: `This node is not the primary of shard ${shardId}`, retryable: false });
      if (record.handover === null) return ok(NOTHING);
      if (shardEpoch <= record.handover.epoch) return err(refused(`Epoch ${shardEpoch} is not above ${record.handover.epoch}, under which shard ${shardId} was to be handed over`));
      await store.commit((tx) => { tx.save({ ...record, handover: null, epoch: shardEpoch }); });
      return ok(NOTHING);
    });
  }

  /** The primary is dead. The others may have writes beyond ours that nobody acknowledged: the history goes on under a name of its own. */
  async #takeOver({ shardId, shardEpoch, secondaries }: CommandOf<'setRole'>): Promise<Outcome> {
    const { nodeId, store, pipeOf, heldShard } = this.options;
    return await pipeOf(shardId).exclusively(async () => {
      const record = store.shard(shardId);
      if (record?.role === 'primary' && record.epoch === shardEpoch) return ok({ ...NOTHING, shard: heldShard(shardId) });
      if ((record?.role !== 'secondary' && record?.role !== 'importing') || record.lineage === '') return err({ code: 'not-owner', message: `This node has no copy of shard ${shardId}`, retryable: false });
      if (shardEpoch <= record.epoch || shardEpoch < store.floorOf(shardId)) return err({ code: 'topology-changed', message: `Shard ${shardId} is at epoch ${record.epoch} here; ${shardEpoch} is outdated`, retryable: false });
      await store.commit((tx) => {
        tx.save({
          ...record, role: 'primary', epoch: shardEpoch, primary: null, successor: null, handover: null,
          lineage: `${nodeId}:${shardEpoch}`, ancestor: { lineage: record.lineage, version: record.version },
          secondaries: secondaries.map((peer) => ({ peer, inSync: false })), syncGeneration: 0, unconfirmed: false,
        });
      });
      return ok({ ...NOTHING, keyCount: record.keyCount, shard: heldShard(shardId) });
    });
  }

  async #create({ shardId, role, shardEpoch, primary, secondaries }: CommandOf<'setRole'>): Promise<Outcome> {
    const { store, pipeOf } = this.options;
    return await pipeOf(shardId).exclusively(async () => {
      const record = store.shard(shardId);
      if (record !== null) return record.role === role ? ok(NOTHING) : err({ code: 'topology-changed', message: `Shard ${shardId} is here already, as ${record.role}`, retryable: false });
      if (shardEpoch < store.floorOf(shardId)) return err({ code: 'topology-changed', message: `Shard ${shardId} under epoch ${shardEpoch} is refused here`, retryable: false });
      // Both ends name the history alike, so that two empty copies are in sync from the first write on.
      const lineage = `${primary.nodeId}:${shardEpoch}`;
      await store.commit((tx) => {
        tx.save(role === 'primary'
          ? emptyShard(shardId, { role, epoch: shardEpoch, lineage, secondaries: secondaries.map((peer) => ({ peer, inSync: true })) })
          : emptyShard(shardId, { role, epoch: shardEpoch, lineage, primary }));
      });
      return ok(NOTHING);
    });
  }
}

function refused(message: string): DriverFailure {
  return { code: 'refused-by-engine', message, retryable: false };
}
