import { describe, expect, it } from 'vitest';
import { keyParts, methodWords } from '@/components/shard-map/key-words';

describe('what of a key decides its place', () => {
  it.each([
    ['user:1', 'user:1', { before: '', hashed: 'user:1', after: '' }],
    ['a{u1}b{u2}', 'u1', { before: 'a{', hashed: 'u1', after: '}b{u2}' }],
    ['{}{u2}', '{}{u2}', { before: '', hashed: '{}{u2}', after: '' }],
  ])('%s', (key, hashedPart, parts) => {
    expect(keyParts({ key, hashedPart })).toEqual(parts);
  });

  it('is said for every method', () => {
    expect(methodWords({ key: '{a}b', hashedPart: 'a', method: 'redis-slot' })).toBe('by CRC16 of its hash tag');
    for (const method of ['redis-slot', 'hash', 'ring', 'range', 'directory']) expect(methodWords({ key: 'a', hashedPart: 'a', method })).toMatch(/^by /);
  });
});
