// A process that opens the database named by its argument and commits without end. It prints
// "opening" before, "open" once it has it, and the number of each commit after it was taken: what
// is on its output has been acknowledged.
import { writeSync } from 'node:fs';
import { openDatabase } from '@/lib/persistence/open-database';
import { systemClock } from '@/lib/platform/system-clock';
import { appendEvent, insertCluster, insertOperation, move, moves, operation, saveMove } from '../contract/store-fixtures';

const MOVE_COUNT = 50;

const say = (line: string | number) => { writeSync(1, `${line}\n`); };

say('opening');
const opened = await openDatabase({ url: `file:${process.argv[2] ?? ''}`, clock: systemClock });
if (!opened.ok) throw new Error(opened.error.message);
const { store } = opened.value;
say('open');
if ((await store.clusters()).length === 0) {
  const begun = await store.commit([insertCluster(), insertOperation({}, moves(MOVE_COUNT))]);
  if (!begun.ok) throw new Error(begun.error.message);
}
for (let number = (await store.lastEventSequence('cluster-1')) + 1; ; number += 1) {
  const written = (round: number) => moves(MOVE_COUNT).map((record) => saveMove(move(record.index, { attempt: round }), 'pending'));
  const result = await store.commit([
    { kind: 'save-operation', operation: operation({ version: number }), epoch: 1 },
    ...written(number),
    appendEvent(number),
    { kind: 'remember-answer', answer: { key: `answer-${number}`, requestDigest: 'd', status: 202, body: 'x'.repeat(2_000), atMs: number } },
  ]);
  if (!result.ok) throw new Error(result.error.message);
  say(number);
}
