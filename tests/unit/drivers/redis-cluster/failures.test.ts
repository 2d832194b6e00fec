import { describe, expect, it } from 'vitest';
import { driverFailure, errorReply } from '@/lib/drivers/redis-cluster/failures';

const codeOf = (text: string) => {
  const { code, retryable } = driverFailure(errorReply(text), '127.0.0.1:7000');
  return [code, retryable];
};

describe('error replies become typed failures by their code alone', () => {
  it.each([
    ['WRONGPASS invalid username-password pair or user is disabled.', 'authentication-failed', false],
    ['NOAUTH Authentication required.', 'authentication-failed', false],
    ["NOPERM User ops has no permissions to run the 'migrate' command", 'refused-by-engine', false],
    ['IOERR error or timeout reading to target instance', 'connection-lost', true],
    ['ERR Target instance replied with error: OOM command not allowed when used memory > \'maxmemory\'.', 'target-out-of-memory', false],
    ['ERR Target instance replied with error: BUSYKEY Target key name already exists.', 'busy-key', false],
    ['ERR Target instance replied with error: ASK 0 127.0.0.1:7001', 'topology-changed', false],
    ['CLUSTERDOWN The cluster is down', 'refused-by-engine', true],
    ['NOREPLICAS Not enough good replicas to write.', 'refused-by-engine', true],
    ['LOADING Redis is loading the dataset in memory', 'refused-by-engine', true],
    ['ERR something else', 'refused-by-engine', false],
    ['no code at all', 'refused-by-engine', false],
  ])('%s', (text, code, retryable) => {
    expect(codeOf(text)).toEqual([code, retryable]);
  });
});
