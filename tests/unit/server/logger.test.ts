import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createLogger } from '@/lib/server/logger';
import { makeFolder } from '@/tests/support/temporary-folder';

it('[X3] the log holds no secret, however deep it was passed', () => {
  const file = join(makeFolder(), 'log');
  const fd = openSync(file, 'w');
  const logger = createLogger('info', fd);
  logger.info({ password: 'hunter2', connection: { password: 'hunter2', tls: { keyPem: 'hunter2' } }, headers: { authorization: 'hunter2' } }, 'connecting');
  closeSync(fd);
  const text = readFileSync(file, 'utf8');
  expect(text).toContain('connecting');
  expect(text).toContain('[redacted]');
  expect(text).not.toContain('hunter2');
});
