/** Settings by generation, and the freeze switch. */
import type { Freeze } from '@/lib/contract/health';
import type { VersionedSettings } from '@/lib/contract/settings';
import { err, ok } from '@/lib/platform/result';
import { failureOfStore, refusal, refused, type CommandContext, type CommandResult } from './commands';
import { SYSTEM_ACTOR } from './event-log';
import type { ManagerResources } from './manager-resources';
import type { OperationRunner } from './operation-runner';
import { dataOfSeen, silentNodeIds } from './seen-silence';

export class SettingsCommands {
  constructor(private readonly resources: ManagerResources, private readonly options: {
    readonly runner: OperationRunner;
    /** What is silent now has been seen, and freezes nothing again. */
    readonly acknowledgeSilence: () => void;
    readonly knowsProvisioner: (name: string | null) => boolean;
  }) {}

  /** R4: `input.generation` is the one the change was built on; another one stored is a conflict that carries it. */
  async update(input: VersionedSettings, context: CommandContext): Promise<CommandResult<VersionedSettings>> {
    const { model, log, clusterId } = this.resources;
    const current = model.versioned;
    if (input.generation !== current.generation) {
      return err({ code: 'conflict', message: `Built on generation ${input.generation}, stored is ${current.generation}`, current });
    }
    const { provisioner } = input.settings.scaling;
    if (!this.options.knowsProvisioner(provisioner)) {
      return err({ code: 'invalid', errors: [{ path: ['settings', 'scaling', 'provisioner'], message: `There is no provisioner ${provisioner ?? ''} for this kind of cluster in the configuration file`, code: 'unknown-provisioner' }] });
    }
    const next: VersionedSettings = { generation: current.generation + 1, settings: input.settings };
    const changed = changedPaths(current.settings, next.settings);
    const committed = await log.commit(
      [{ kind: 'save-settings', clusterId, versioned: next }, ...(context.alsoCommit?.(next) ?? [])],
      [{ type: 'settings.changed', severity: 'notice', actor: context.actor, message: `Settings generation ${next.generation}: ${changed.join(', ') || 'nothing changed'}`.slice(0, 1_000), data: { generation: next.generation } }],
    );
    if (!committed.ok) return err(failureOfStore(committed.error, model.versioned));
    model.versioned = next;
    model.touch();
    return ok(next);
  }

  async freeze(reason: string, context: CommandContext, cause: Freeze['cause'] = 'operator'): Promise<CommandResult<Freeze>> {
    const { model, log, clusterId, clock } = this.resources;
    if (model.freeze !== null) return refused(refusal('already-so', `Frozen already: ${model.freeze.reason}`));
    const freeze: Freeze = { cause, reason, sinceMs: Math.round(clock.wallMs()), by: context.actor.name };
    // By rule it holds at once, and even when it cannot be stored: stopping needs no permission of the database.
    if (cause !== 'operator') this.#become(freeze);
    const committed = await log.commit(
      [{ kind: 'set-freeze', clusterId, freeze }, ...(context.alsoCommit?.(freeze) ?? [])],
      [{ type: 'automation.frozen', severity: cause === 'operator' ? 'warning' : 'critical', actor: context.actor, message: `Frozen by ${context.actor.name}: ${reason}`.slice(0, 1_000), data: { cause } }],
    );
    if (cause === 'operator') {
      if (!committed.ok) return err(failureOfStore(committed.error));
      this.#become(freeze);
    }
    await this.#pauseRunning(reason);
    return ok(freeze);
  }

  async unfreeze(context: CommandContext): Promise<CommandResult<null>> {
    const { model, log, clusterId } = this.resources;
    if (model.freeze === null) return refused(refusal('already-so', 'Automation is not frozen'));
    const committed = await log.commit(
      [{ kind: 'set-freeze', clusterId, freeze: null }, ...(context.alsoCommit?.(null) ?? [])],
      [{
        type: 'automation.unfrozen', severity: 'notice', actor: context.actor, message: `Automation may act again; it was frozen because: ${model.freeze.reason}`.slice(0, 1_000),
        data: dataOfSeen(silentNodeIds([...model.nodes.values()])),
      }],
    );
    if (!committed.ok) return err(failureOfStore(committed.error));
    this.options.acknowledgeSilence();
    this.#become(null);
    return ok(null);
  }

  #become(freeze: Freeze | null): void {
    this.resources.model.freeze = freeze;
    this.resources.model.touch();
  }

  /** M13: a freeze brings running moves to a safe point; a human resumes them. */
  async #pauseRunning(reason: string): Promise<void> {
    for (const operation of this.resources.model.operations) {
      if (operation.status !== 'running') continue;
      const paused = await this.options.runner.command({ operationId: operation.id }, 'pause', { actor: SYSTEM_ACTOR });
      if (!paused.ok) this.resources.logger.warn({ operationId: operation.id, reason, failure: paused.error.code }, 'The freeze could not pause an operation');
    }
  }
}

/** Dotted paths of the leaves that differ. */
function changedPaths(before: object, after: object, prefix = ''): string[] {
  return Object.entries(after).flatMap(([key, value]: [string, unknown]) => {
    const old = (before as Record<string, unknown>)[key];
    const path = prefix === '' ? key : `${prefix}.${key}`;
    if (typeof value === 'object' && value !== null && typeof old === 'object' && old !== null) return changedPaths(old, value, path);
    return old === value ? [] : [`${path} ${JSON.stringify(old)} -> ${JSON.stringify(value)}`];
  });
}
