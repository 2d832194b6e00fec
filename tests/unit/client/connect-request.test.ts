import { describe, expect, it } from 'vitest';
import { AGENT_FIELDS, connectRequestOf, type ShardingFields } from '@/lib/client/connect-request';
import { fieldErrorsOf } from '@/lib/client/field-errors';
import { ConnectClusterSchema } from '@/lib/contract/cluster';

const requestOf = (sharding: Partial<ShardingFields>) => connectRequestOf({ name: 'Orders', environment: 'staging', connection: { ...AGENT_FIELDS, sharding: { ...AGENT_FIELDS.sharding, ...sharding } } });
const parsed = (sharding: Partial<ShardingFields>) => {
  const { connection } = ConnectClusterSchema.parse(requestOf(sharding));
  return connection.kind === 'http-agent' ? connection.sharding : null;
};
const errors = (sharding: Partial<ShardingFields>) => Object.keys(fieldErrorsOf(ConnectClusterSchema, requestOf(sharding)) ?? {});

describe('what the form says of sharding', () => {
  it('sends what the method has and nothing else', () => {
    expect(parsed({ method: 'hash', shardCount: 12, boundaries: 'left over' })).toEqual({ method: 'hash', shardCount: 12 });
    expect(parsed({ method: 'ring', shardCount: 12, pointsPerShard: 8 })).toEqual({ method: 'ring', shardCount: 12, pointsPerShard: 8 });
    expect(parsed({ method: 'range', boundaries: 'g\n\n  n \nz\n' })).toEqual({ method: 'range', boundaries: ['g', 'n', 'z'] });
    expect(parsed({ method: 'directory', shardCount: 4, entries: 'tenant-7: = 3\na=b= 0' })).toEqual({ method: 'directory', shardCount: 4, entries: [{ prefix: 'tenant-7:', shardId: 3 }, { prefix: 'a=b', shardId: 0 }] });
  });

  it('what cannot be is an error of the field that has it', () => {
    expect(errors({ method: 'range', boundaries: 'n\ng' })).toEqual([expect.stringMatching(/^connection\.sharding\.boundaries/)]);
    expect(errors({ method: 'range', boundaries: '' })).toEqual([expect.stringMatching(/^connection\.sharding\.boundaries/)]);
    expect(errors({ method: 'directory', entries: 'no number' })).toEqual([expect.stringMatching(/^connection\.sharding\.entries/)]);
    expect(errors({ method: 'directory', shardCount: 4, entries: 'a = 9' })).toEqual([expect.stringMatching(/^connection\.sharding\.entries/)]);
    expect(errors({ method: 'hash', shardCount: 0 })).toEqual(['connection.sharding.shardCount']);
  });
});
