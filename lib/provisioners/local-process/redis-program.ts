import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RedisConnection } from '@/lib/contract/connection';
import type { Clock } from '@/lib/platform/clock';
import { firstAnswer, type Launch, type LaunchOptions, type NodeProgram } from './node-program';

export interface RedisProgramOptions {
  /** Absolute path of redis-server or valkey-server. */
  readonly path: string;
  /** More directives of its configuration file, or others than ours. */
  readonly directives: Readonly<Record<string, string>>;
  /** The cluster that it is to join: the same user and password, the same TLS. */
  readonly connection: Pick<RedisConnection, 'username' | 'password' | 'tls'>;
  readonly clock: Clock;
}

const CLUSTER_BUS_OFFSET = 10_000;

/** An empty redis-server or valkey-server in cluster mode. Its secrets are in a configuration file that only we can read. */
export class RedisProgram implements NodeProgram {
  constructor(private readonly options: RedisProgramOptions) {}

  portsBeside(port: number): readonly number[] {
    return [port + CLUSTER_BUS_OFFSET];
  }

  prepare({ folder, port }: LaunchOptions): Promise<Launch> {
    const file = join(folder, 'server.conf');
    writeFileSync(file, `${this.#lines(folder, port).join('\n')}\n`, { mode: 0o600 });
    return Promise.resolve({ file: this.options.path, argv: [file], environment: {} });
  }

  async isReady(port: number): Promise<boolean> {
    if (this.options.connection.tls.enabled) return await firstAnswer(this.options.clock, port, '') !== null;
    const answer = await firstAnswer(this.options.clock, port, 'PING\r\n');
    // One that asks for a password is there; one that still reads its data is not.
    return answer !== null && /^[+-]/.test(answer) && !answer.startsWith('-LOADING');
  }

  #lines(folder: string, port: number): string[] {
    const { directives, connection: { username, password, tls } } = this.options;
    const own: [string, ...string[]][] = [
      ['bind', '127.0.0.1'], ['protected-mode', 'yes'], ['daemonize', 'no'], ['dir', folder],
      ['cluster-enabled', 'yes'], ['cluster-config-file', 'nodes.conf'],
      ...(tls.enabled ? [['port', '0'], ['tls-port', String(port)], ['tls-cluster', 'yes'], ['tls-replication', 'yes']] as [string, string][] : [['port', String(port)]] as [string, string][]),
    ];
    const named = username !== undefined && username !== '' && username !== 'default';
    if (password !== undefined && password !== '') {
      own.push(['masterauth', password]);
      if (named) own.push(['masteruser', username], ['user', username, 'on', `>${password}`, '~*', '&*', '+@all'], ['user', 'default', 'off']);
      else own.push(['requirepass', password]);
    }
    const given = Object.entries(directives).map(([name, value]): string => `${name} ${value}`);
    return [...own.filter(([name]) => !(name in directives)).map(([name, ...words]) => [name, ...words.map(quoted)].join(' ')), ...given];
  }
}

/** As its configuration file wants words that hold blanks or quotes. */
function quoted(word: string): string {
  return `"${word.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
