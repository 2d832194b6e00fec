import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { canonicalJsonOf, CHAIN_START, hashOfEvent } from '@/lib/persistence/event-chain';
import { event } from '../../contract/store-fixtures';

describe('the hash chain', () => {
  it('[D2] writes the same event as the same bytes, whatever the order of its keys', () => {
    const one = event(1, { data: { b: 1, a: 'x' } });
    const { id, message, data: _data, ...rest } = one;
    const other = { data: { a: 'x', b: 1 }, message, ...rest, id };
    expect(JSON.stringify(other)).not.toBe(JSON.stringify(one));
    expect(canonicalJsonOf(other)).toBe(canonicalJsonOf(one));
    expect(canonicalJsonOf(one)).toMatch(/^\{"actor":\{"kind":"system","name":"manager"\},"atMs":/);
    expect(JSON.parse(canonicalJsonOf(one))).toEqual(one);
  });

  it('[D2] hashes the previous hash, a line feed and the bytes by SHA-256, so that others can check it', () => {
    expect(hashOfEvent(CHAIN_START, '{}')).toBe(createHash('sha256').update(`${'0'.repeat(64)}\n{}`).digest('hex'));
    expect(hashOfEvent('a'.repeat(64), '{}')).not.toBe(hashOfEvent('b'.repeat(64), '{}'));
  });
});
