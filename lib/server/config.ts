import { join, resolve } from 'node:path';
import { err, ok, type Result } from '@/lib/platform/result';
import { NO_FILE, readConfigFile, type FileConfig } from './config-file';
import { isNetwork } from './outbound-rule';
import * as z from 'zod';

/** How this server was asked to run, from its environment. */
export interface Config {
  /** A loopback address. */
  readonly host: string;
  /** 0 lets the system choose a free one. */
  readonly port: number;
  /** Absolute path of the folder for everything the server writes. */
  readonly dataDir: string;
  readonly databaseUrl: string;
  /** What stands in the configuration file. */
  readonly file: FileConfig;
  /** `address` or `address:port` of name servers; none: those of the system. */
  readonly dnsServers: readonly string[];
  /** Networks that connections may go to (X6); none: all that are not forbidden to everybody. */
  readonly outboundAllow: readonly string[];
  /** By how much the process gives way to others on its machine, 0 to 19. */
  readonly niceness: number;
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
}

const LOOPBACK_HOSTS = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1)$/;

const DNS_SERVER = /^(\d{1,3}(\.\d{1,3}){3}(:\d{1,5})?|\[[0-9a-fA-F:]+\](:\d{1,5})?)$/;

/** An empty variable means the same as none: that is how compose files and shells unset one. */
const unlessEmpty = <T extends z.ZodType>(schema: T) => z.preprocess((value) => (value === '' ? undefined : value), schema);

const commaSeparated = z.string().default('').transform((text) => text.split(',').map((part) => part.trim()).filter((part) => part !== ''));

const EnvironmentSchema = z.object({
  HOST: unlessEmpty(z.string().default('127.0.0.1').refine((host) => LOOPBACK_HOSTS.test(host),
    'must be 127.0.0.1, ::1 or localhost: there is no access control yet, so the server is not offered to other machines')),
  PORT: unlessEmpty(z.string().default('3000').refine((port) => /^\d{1,5}$/.test(port) && Number(port) <= 65_535, 'must be a number from 0 to 65535').transform(Number)),
  DATA_DIR: unlessEmpty(z.string().default('.data')),
  DATABASE_URL: unlessEmpty(z.string().optional()),
  CONFIG_FILE: unlessEmpty(z.string().optional()),
  DNS_SERVERS: unlessEmpty(commaSeparated.refine((servers) => servers.every((server) => DNS_SERVER.test(server)), 'must be addresses, or addresses with a port, divided by commas')),
  OUTBOUND_ALLOW: unlessEmpty(commaSeparated.refine((networks) => networks.every(isNetwork), 'must be addresses or networks (10.0.0.0/8), divided by commas')),
  NICENESS: unlessEmpty(z.string().default('10').refine((niceness) => /^\d{1,2}$/.test(niceness) && Number(niceness) <= 19, 'must be a number from 0 to 19').transform(Number)),
  LOG_LEVEL: unlessEmpty(z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], { error: 'must be one of fatal, error, warn, info, debug, trace, silent' }).default('warn')),
});

/** The configuration, or one line for each variable that cannot be used. Relative paths start at `workingDirectory`. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>, workingDirectory: string): Result<Config, readonly string[]> {
  const parsed = EnvironmentSchema.safeParse(environment);
  if (!parsed.success) return err(parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}.`));
  const { HOST, PORT, DATA_DIR, DATABASE_URL, CONFIG_FILE, DNS_SERVERS, OUTBOUND_ALLOW, NICENESS, LOG_LEVEL } = parsed.data;
  const file = CONFIG_FILE === undefined ? ok(NO_FILE) : readConfigFile(resolve(workingDirectory, CONFIG_FILE));
  if (!file.ok) return file;
  const dataDir = resolve(workingDirectory, DATA_DIR);
  return ok({ host: HOST, port: PORT, dataDir, databaseUrl: DATABASE_URL ?? `file:${join(dataDir, 'phantom-scale.db')}`, file: file.value, dnsServers: DNS_SERVERS, outboundAllow: OUTBOUND_ALLOW, niceness: NICENESS, logLevel: LOG_LEVEL });
}
