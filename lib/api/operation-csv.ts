/** An operation as tables for a spreadsheet (RFC 4180): what was predicted against what came, and its journal. */
import { BALANCE_DIMENSIONS } from '@/lib/contract/imbalance';
import type { MoveRecord, Operation } from '@/lib/contract/operation';

type Cell = string | number | null;

/** One line for each measure; an unknown value is an empty cell, and so is all that is not known before the end. */
export function reportCsv(operation: Operation): string {
  const { report } = operation;
  const rows: Cell[][] = [['measure', 'unit', 'predicted', 'actual']];
  const add = (measure: string, unit: string, predicted: Cell, actual: Cell) => { rows.push([measure, unit, predicted, actual]); };
  add('operation', '', operation.id, operation.status);
  if (report !== null) {
    add('duration at least', 's', report.secondsPredicted.low, report.secondsActual);
    add('duration at most', 's', report.secondsPredicted.high, report.secondsActual);
    add('time with moves in flight', 's', null, report.secondsMoving);
    add('data', 'bytes', report.bytesPredicted, report.bytesActual);
    add('keys', 'keys', report.keysPredicted, report.keysActual);
    add('moves', 'moves', report.movesTotal, report.movesDone);
    add('moves failed', 'moves', 0, report.movesFailed);
    add('moves not made', 'moves', 0, report.movesReverted);
    add('speed', 'bytes/s', null, report.bytesPerSecond);
    for (const dimension of BALANCE_DIMENSIONS) {
      add(`imbalance of ${dimension} before`, 'ratio', report.imbalanceBefore[dimension], report.imbalanceBefore[dimension]);
      add(`imbalance of ${dimension} after`, 'ratio', report.imbalancePredicted[dimension], report.imbalanceAfter[dimension]);
    }
    add('client latency p99 before', 'ms', null, report.latency.beforeP99Ms);
    add('client latency p99 during', 'ms', report.latency.beforeP99Ms, report.latency.duringP99Ms);
    add('client latency p99 during, worst reading', 'ms', report.latency.beforeP99Ms, report.latency.duringWorstP99Ms);
    add('client latency p99 after', 'ms', report.latency.beforeP99Ms, report.latency.afterP99Ms);
  }
  return csvOf(rows);
}

export function movesCsv(moves: readonly MoveRecord[]): string {
  const head = ['index', 'kind', 'shardId', 'role', 'sourceNodeId', 'targetNodeId', 'status', 'attempts', 'bytesPlanned', 'bytesDone', 'keysDone', 'startedAtMs', 'finishedAtMs', 'failureCode', 'failureMessage'];
  return csvOf([head, ...moves.map(({ step, ...move }) => [
    move.index, step.kind, step.shardId, step.kind === 'move' ? step.role : 'primary', step.sourceNodeId, step.targetNodeId, move.status, move.attempt,
    step.kind === 'move' ? step.bytes : 0, move.bytesDone, move.keysDone, move.startedAtMs, move.finishedAtMs, move.failure?.code ?? null, move.failure?.message ?? null,
  ])]);
}

function csvOf(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => row.map(cellText).join(',')).join('\r\n').concat('\r\n');
}

/** Quoted where it must be. Text that a spreadsheet would take for a formula is given as text. */
function cellText(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
