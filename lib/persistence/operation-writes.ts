import { isTerminal, type MoveRecord, type Operation } from '@/lib/contract/operation';
import type { StoreWrite } from '@/lib/contract/storage';
import { nextTurn } from '@/lib/platform/in-turns';
import { alreadyExists, changedMeanwhile, notFound, outdatedEpoch, type CommitRefusal } from './conflicts';
import { valueOfMove } from './move-document';
import type { RunRefusal, Transaction } from './transaction';

type WriteOf<K extends StoreWrite['kind']> = Extract<StoreWrite, { kind: K }>;

/** Rows per statement: a few milliseconds of the event loop each, which then takes a turn before the next. */
const MOVES_PER_STATEMENT = 500;

/** The fence: refused when the cluster is gone or a manager with a higher epoch has taken it over. */
export async function fencingRefusal(tx: Transaction, clusterId: string, epoch: number): Promise<CommitRefusal | null> {
  const cluster = await tx.cluster.findUnique({ where: { id: clusterId }, select: { epoch: true } });
  if (cluster === null) return notFound('cluster', clusterId);
  return Number(cluster.epoch) > epoch ? outdatedEpoch(clusterId, Number(cluster.epoch), epoch) : null;
}

export async function insertOperation(tx: Transaction, { operation, moves, epoch }: WriteOf<'insert-operation'>): Promise<CommitRefusal | null> {
  const refusal = await fencingRefusal(tx, operation.clusterId, epoch);
  if (refusal !== null) return refusal;
  if ((await tx.operation.count({ where: { id: operation.id } })) > 0) return alreadyExists('operation', operation.id);
  const repeated = repeatedIndexOf(moves);
  if (repeated !== null) return alreadyExists('move', `${operation.id}/${repeated}`);
  await tx.operation.create({ data: { id: operation.id, clusterId: operation.clusterId, ...columnsOf(operation) }, select: { ordinal: true } });
  await writeMoves(tx, operation.id, moves);
  return null;
}

export async function insertMoves(tx: Transaction, { clusterId, operationId, moves, epoch }: WriteOf<'insert-moves'>): Promise<CommitRefusal | null> {
  const refusal = await fencingRefusal(tx, clusterId, epoch);
  if (refusal !== null) return refusal;
  if ((await tx.operation.count({ where: { id: operationId, clusterId } })) === 0) return notFound('operation', operationId);
  if ((await tx.move.count({ where: { operationId } })) > 0) return alreadyExists('journal of operation', operationId);
  const repeated = repeatedIndexOf(moves);
  if (repeated !== null) return alreadyExists('move', `${operationId}/${repeated}`);
  await writeMoves(tx, operationId, moves);
  return null;
}

async function writeMoves(tx: Transaction, operationId: string, moves: readonly MoveRecord[]): Promise<void> {
  for (let start = 0; start < moves.length; start += MOVES_PER_STATEMENT) {
    if (start > 0) await nextTurn();
    const rows = moves.slice(start, start + MOVES_PER_STATEMENT).map((move) => [move.index, move.status, valueOfMove(move)]);
    await tx.$executeRaw`
      INSERT INTO "Move" ("operationId", "index", "status", "document")
      SELECT ${operationId}, value->>0, value->>1, value->2 FROM json_each(${JSON.stringify(rows)})`;
  }
  if (moves.length > MOVES_PER_STATEMENT) await nextTurn();
}

export async function saveOperation(tx: Transaction, { operation, epoch }: WriteOf<'save-operation'>): Promise<CommitRefusal | null> {
  const { id, clusterId } = operation;
  const { count } = await tx.operation.updateMany({
    where: { id, clusterId, version: operation.version - 1, cluster: { epoch: { lte: epoch } } },
    data: columnsOf(operation),
  });
  if (count === 1) return null;
  const refusal = await fencingRefusal(tx, clusterId, epoch);
  if (refusal !== null) return refusal;
  const stored = await tx.operation.findUnique({ where: { id, clusterId }, select: { version: true } });
  return stored === null ? notFound('operation', id) : changedMeanwhile('version of the operation', Number(stored.version), operation.version - 1);
}

interface StoredMove {
  readonly epoch: number | bigint | null;
  readonly status: string | null;
}

/**
 * Sets all moves of the run that are as expected, by one statement for those that go from one
 * status to one other; they are of one operation and each occurs once. They are counted, not
 * listed: a row that comes back costs as much as one that is written. When one is missing, the
 * caller undoes it all. What SQLite has to take out of the JSON of a row is a quarter of its work, so a
 * row is a key with a document and nothing else.
 * The operation is made to depend on `value` so that SQLite begins with the rows that are
 * given and finds each by its whole key; by a constant it would begin with all moves there are.
 */
export async function saveMoves(tx: Transaction, run: readonly WriteOf<'save-move'>[]): Promise<RunRefusal | null> {
  const { clusterId, operationId, epoch } = run[0]!;
  await tx.$executeRaw`SAVEPOINT moves`;
  let saved = 0;
  for (const { from, to, documents } of changesIn(run)) {
    saved += await tx.$executeRaw`
      UPDATE "Move" SET "status" = ${to}, "document" = new.document
      FROM (SELECT iif(value IS NULL, NULL, ${operationId}) AS operation, CAST(key AS INTEGER) AS position, value AS document FROM json_each(${JSON.stringify(documents)})) AS new
      WHERE "Move"."operationId" = new.operation AND "Move"."index" = new.position AND "Move"."status" = ${from}
      AND EXISTS (SELECT 1 FROM "Operation" AS o JOIN "Cluster" AS c ON c."id" = o."clusterId" WHERE o."id" = ${operationId} AND c."id" = ${clusterId} AND c."epoch" <= ${epoch})`;
  }
  if (saved === run.length) return null;
  await tx.$executeRaw`ROLLBACK TO moves`;
  return await firstRefusal(tx, run);
}

interface StatusChange {
  readonly from: MoveRecord['status'];
  readonly to: MoveRecord['status'];
  /** By the moves' index. */
  readonly documents: Record<number, ReturnType<typeof valueOfMove>>;
}

function changesIn(run: readonly WriteOf<'save-move'>[]): Iterable<StatusChange> {
  const changes = new Map<string, StatusChange>();
  for (const { expected: from, move } of run) {
    const kind = `${from} ${move.status}`;
    const change = changes.get(kind) ?? { from, to: move.status, documents: {} };
    changes.set(kind, change);
    change.documents[move.index] = valueOfMove(move);
  }
  return changes.values();
}

/** Why a move of the run cannot be saved. */
async function firstRefusal(tx: Transaction, run: readonly WriteOf<'save-move'>[]): Promise<RunRefusal> {
  const keys = JSON.stringify(run.map((write) => [write.clusterId, write.operationId, write.move.index]));
  const stored = await tx.$queryRaw<StoredMove[]>`
    SELECT c."epoch" AS epoch, m."status" AS status
    FROM json_each(${keys}) AS wanted
    LEFT JOIN "Cluster" AS c ON c."id" = wanted.value->>0
    LEFT JOIN "Operation" AS o ON o."id" = wanted.value->>1 AND o."clusterId" = c."id"
    LEFT JOIN "Move" AS m ON m."operationId" = o."id" AND m."index" = wanted.value->>2
    ORDER BY wanted.key`;
  for (const [offset, write] of run.entries()) {
    const refusal = moveRefusal(write, stored[offset]!);
    if (refusal !== null) return { refusal, offset };
  }
  throw new Error(`Not all of ${run.length} moves were saved, though each is as expected`);
}

function moveRefusal({ clusterId, operationId, expected, move, epoch }: WriteOf<'save-move'>, stored: StoredMove): CommitRefusal | null {
  if (stored.epoch === null) return notFound('cluster', clusterId);
  if (Number(stored.epoch) > epoch) return outdatedEpoch(clusterId, Number(stored.epoch), epoch);
  if (stored.status === null) return notFound('move', `${operationId}/${move.index}`);
  return stored.status === expected ? null : changedMeanwhile(`status of move ${move.index}`, stored.status, expected);
}

function columnsOf(operation: Operation) {
  return {
    planId: operation.planId,
    status: operation.status,
    version: operation.version,
    finishedAt: isTerminal(operation.status) ? Math.floor(operation.finishedAtMs ?? operation.createdAtMs) : null,
    document: JSON.stringify(operation),
  };
}

/** The first index that a second move has too; `null` when each is one of its own. */
function repeatedIndexOf(moves: readonly MoveRecord[]): number | null {
  const seen = new Set<number>();
  for (const { index } of moves) {
    if (seen.has(index)) return index;
    seen.add(index);
  }
  return null;
}
