import { viewOfConnection } from '@/lib/contract/connection';
import type { ClusterModel } from './cluster-model';
import type { ClusterView } from './ports';

/** The picture of a cluster for people and clients: everything of one revision, without secrets. */
export function viewOf(model: ClusterModel): ClusterView {
  const { record, state } = model;
  return {
    summary: {
      id: record.id,
      name: record.name,
      environment: record.environment,
      kind: record.connection.kind,
      connection: viewOfConnection(record.connection),
      createdAtMs: record.createdAtMs,
      epoch: state.epoch,
      revision: state.revision,
      settingsGeneration: model.versioned.generation,
      observationIntervalMs: model.settings.observationIntervalMs,
      observedAtMs: state.observedAtMs,
      observationError: model.observationError,
      capabilities: model.capabilities,
      engine: state.engine,
      warnings: [...state.warnings],
      health: model.health,
      freeze: model.freeze,
      totals: model.totals,
      imbalance: model.imbalance,
      scaling: model.scaling,
      operations: [...model.operations],
    },
    nodes: model.nodeList,
    shards: state.shards,
    movesInFlight: model.movesInFlight(),
  };
}
