import { destination, pino, type Logger } from 'pino';
import type { Config } from './config';

/** Field names that hold secrets, wherever they are nested up to three levels deep (X3). */
const SECRETS = ['password', 'token', 'authorization', 'cookie', 'keyPem', 'databaseUrl'];

/** JSON lines on stderr: stdout belongs to the one line that says where the server is. */
export function createLogger(level: Config['logLevel'], fileDescriptor = 2): Logger {
  const paths = SECRETS.flatMap((name) => ['', '*.', '*.*.', '*.*.*.'].map((prefix) => `${prefix}${name}`));
  return pino({ level, redact: { paths, censor: '[redacted]' } }, destination({ fd: fileDescriptor, sync: true }));
}
