import type { ChainBreak, VerifiedChain } from '@/lib/contract/storage';
import { nextTurn } from '@/lib/platform/in-turns';
import { err, ok, type Result } from '@/lib/platform/result';
import type { PrismaClient } from '@/prisma/generated/client';
import { rowOf } from './append-events';
import { eventOfRow, UnreadableRowError } from './documents';
import { CHAIN_START, hashOfEvent } from './event-chain';

type EventRow = NonNullable<Awaited<ReturnType<PrismaClient['event']['findFirst']>>>;

/** Rows hashed before the event loop gets its turn: some 10 ms. */
const ROWS_PER_TURN = 500;

/**
 * Reads a cluster's whole log, oldest first, and recomputes it: sequences without gaps, every hash,
 * the columns that queries filter by, and that the newest event is the one the log's head names.
 */
export async function verifyChain(prisma: PrismaClient, clusterId: string): Promise<Result<VerifiedChain, ChainBreak>> {
  const log = await prisma.eventLog.findUnique({ where: { clusterId } });
  let hash = log?.prunedHash ?? CHAIN_START;
  let sequence = Number(log?.prunedSequence ?? 0n);
  let eventCount = 0;
  for (;;) {
    const rows = await prisma.event.findMany({ where: { clusterId, sequence: { gt: sequence } }, orderBy: { sequence: 'asc' }, take: ROWS_PER_TURN });
    for (const row of rows) {
      const fault = faultOf(row, hash, sequence + 1);
      if (fault !== null) return broken(sequence + 1, fault);
      hash = row.hash;
      sequence += 1;
    }
    eventCount += rows.length;
    if (rows.length < ROWS_PER_TURN) break;
    await nextTurn();
  }
  // An event appended while this was reading moves the head on; only a head behind or beside the rows is a fault.
  const head = await prisma.eventLog.findUnique({ where: { clusterId }, select: { lastSequence: true } });
  const named = log === null ? 0 : Number(log.lastSequence);
  if (sequence < named) return broken(sequence + 1, 'it is missing: the log was longer than what is left of it');
  if (sequence > Number(head?.lastSequence ?? 0n)) return broken(Number(head?.lastSequence ?? 0n) + 1, 'it was added past the end of the log');
  if (sequence === named && log !== null && hash !== log.lastHash) return broken(sequence, 'it is not the event that the log ended with');
  return ok({ eventCount, lastHash: hash });
}

function faultOf(row: EventRow, previousHash: string, sequence: number): string | null {
  if (Number(row.sequence) !== sequence) return `it is missing; the next one is ${row.sequence}`;
  if (hashOfEvent(previousHash, row.document) !== row.hash) return 'its content does not give its hash';
  try {
    const columns = rowOf(eventOfRow(row), row.document, row.hash);
    const isTrue = columns.clusterId === row.clusterId && columns.sequence === sequence && columns.type === row.type && columns.severity === row.severity
      && columns.nodeId === row.nodeId && columns.operationId === row.operationId && columns.at === Number(row.at);
    return isTrue ? null : 'its columns differ from its content';
  } catch (error) {
    if (error instanceof UnreadableRowError) return error.message;
    throw error;
  }
}

function broken(sequence: number, fault: string): { readonly ok: false; readonly error: ChainBreak } {
  return err({ code: 'broken-chain', sequence, message: `Event ${sequence}: ${fault}` });
}
