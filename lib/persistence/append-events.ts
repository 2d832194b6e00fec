import type { DomainEvent } from '@/lib/contract/events';
import { changedMeanwhile } from './conflicts';
import { CHAIN_START, canonicalJsonOf, hashOfEvent } from './event-chain';
import type { RunRefusal, Transaction } from './transaction';

interface Head {
  lastSequence: number;
  lastHash: string;
}

/** Appends the events, chains their hashes and moves the heads of their logs; a log begins with its first event. */
export async function appendEvents(tx: Transaction, events: readonly DomainEvent[]): Promise<RunRefusal | null> {
  const heads = new Map<string, Head>();
  const rows: ReturnType<typeof rowOf>[] = [];
  for (const [offset, event] of events.entries()) {
    const head = heads.get(event.clusterId) ?? (await readHead(tx, event.clusterId));
    heads.set(event.clusterId, head);
    if (event.sequence !== head.lastSequence + 1) {
      return { offset, refusal: changedMeanwhile(`event log of cluster "${event.clusterId}"`, head.lastSequence, event.sequence - 1) };
    }
    const document = canonicalJsonOf(event);
    head.lastSequence = event.sequence;
    head.lastHash = hashOfEvent(head.lastHash, document);
    rows.push(rowOf(event, document, head.lastHash));
  }
  await tx.$executeRaw`
    INSERT INTO "Event" ("clusterId", "sequence", "type", "severity", "nodeId", "operationId", "at", "document", "hash")
    SELECT value->>'clusterId', value->>'sequence', value->>'type', value->>'severity', value->>'nodeId', value->>'operationId', value->>'at', value->>'document', value->>'hash'
    FROM json_each(${JSON.stringify(rows)})`;
  for (const [clusterId, { lastSequence, lastHash }] of heads) {
    await tx.$executeRaw`
      INSERT INTO "EventLog" ("clusterId", "lastSequence", "lastHash", "prunedHash") VALUES (${clusterId}, ${lastSequence}, ${lastHash}, ${CHAIN_START})
      ON CONFLICT ("clusterId") DO UPDATE SET "lastSequence" = excluded."lastSequence", "lastHash" = excluded."lastHash"`;
  }
  return null;
}

async function readHead(tx: Transaction, clusterId: string): Promise<Head> {
  const [stored] = await tx.$queryRaw<{ lastSequence: number | bigint; lastHash: string }[]>`
    SELECT "lastSequence", "lastHash" FROM "EventLog" WHERE "clusterId" = ${clusterId}`;
  return stored === undefined ? { lastSequence: 0, lastHash: CHAIN_START } : { lastSequence: Number(stored.lastSequence), lastHash: stored.lastHash };
}

/** The columns that queries filter by; the document is what counts and what is hashed. */
export function rowOf(event: DomainEvent, document: string, hash: string) {
  return {
    clusterId: event.clusterId, sequence: event.sequence, type: event.type, severity: event.severity,
    nodeId: event.nodeId, operationId: event.operationId, at: Math.floor(event.atMs), document, hash,
  };
}
