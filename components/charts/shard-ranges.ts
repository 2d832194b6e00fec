/**
 * Sets of shards, as text and as marks. The text is what stands in URLs and on the
 * clipboard: "0-99,120". The marks are one byte per shard, what the painter reads.
 */
export function createMarks(shardCount: number): Uint8Array {
  return new Uint8Array(shardCount);
}

/** Reads "0-99,120"; what does not parse or lies outside is left out, because a link may be older than the cluster. */
export function marksOfRanges(text: string, shardCount: number): Uint8Array {
  const marks = createMarks(shardCount);
  for (const part of text.split(',')) {
    const match = /^\s*(\d{1,7})(?:-(\d{1,7}))?\s*$/.exec(part);
    if (match === null) continue;
    const first = Number(match[1]);
    const last = match[2] === undefined ? first : Number(match[2]);
    if (first < shardCount) marks.fill(1, Math.min(first, last), Math.min(Math.max(first, last) + 1, shardCount));
  }
  return marks;
}

export function rangesOfMarks(marks: Uint8Array): string {
  const parts: string[] = [];
  for (let start = 0; start < marks.length; start += 1) {
    if (marks[start] === 0) continue;
    let end = start;
    while (end + 1 < marks.length && marks[end + 1] !== 0) end += 1;
    parts.push(start === end ? String(start) : `${start}-${end}`);
    start = end;
  }
  return parts.join(',');
}

export function shardIdsOfMarks(marks: Uint8Array): number[] {
  const shardIds: number[] = [];
  for (let shardId = 0; shardId < marks.length; shardId += 1) if (marks[shardId] !== 0) shardIds.push(shardId);
  return shardIds;
}
