/** A name server on loopback that answers A and SRV questions from a table (RFC 1035, RFC 2782). */
import { createSocket, type Socket } from 'node:dgram';
import type { AddressInfo } from 'node:net';

const TYPE_A = 1;
const TYPE_SRV = 33;
const NAME_UNKNOWN = 3;

export interface DnsRecords {
  /** IPv4 addresses by name. */
  readonly addresses: Readonly<Record<string, readonly string[]>>;
  readonly services: Readonly<Record<string, readonly { readonly target: string; readonly port: number }[]>>;
}

export class DnsServer {
  /** What it answers from the next question on. */
  records: DnsRecords;
  questions = 0;

  private constructor(private readonly socket: Socket, records: DnsRecords) {
    this.records = records;
    socket.on('message', (message, { port, address }) => { socket.send(this.#answer(message), port, address); });
  }

  static async start(records: DnsRecords): Promise<DnsServer> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => { socket.bind(0, '127.0.0.1', resolve); });
    return new DnsServer(socket, records);
  }

  get address(): string {
    const { port }: AddressInfo = this.socket.address();
    return `127.0.0.1:${port}`;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => { this.socket.close(resolve); });
  }

  #answer(query: Buffer): Buffer {
    this.questions += 1;
    const { name, end } = nameAt(query, 12);
    const type = query.readUInt16BE(end);
    const { addresses, services } = this.records;
    const data = type === TYPE_A ? (addresses[name] ?? []).map((address) => Buffer.from(address.split('.').map(Number)))
      : type === TYPE_SRV ? (services[name] ?? []).map(({ target, port }) => Buffer.concat([numbers(0, 1, port), nameBytes(target)]))
        : [];
    const known = name in addresses || name in services;
    // Question and answers share the name by a pointer to offset 12; everything may be asked again at once.
    const answers = data.map((rdata) => Buffer.concat([numbers(0xc00c, type, 1, 0, 0, rdata.length), rdata]));
    const header = Buffer.concat([query.subarray(0, 2), numbers(0x8180 | (known ? 0 : NAME_UNKNOWN), 1, answers.length, 0, 0)]);
    return Buffer.concat([header, query.subarray(12, end + 4), ...answers]);
  }
}

function nameAt(message: Buffer, offset: number): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = offset;
  while (message[at] !== 0) {
    labels.push(message.toString('ascii', at + 1, at + 1 + message[at]!).toLowerCase());
    at += 1 + message[at]!;
  }
  return { name: labels.join('.'), end: at + 1 };
}

function nameBytes(name: string): Buffer {
  return Buffer.concat([...name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label, 'ascii')])), Buffer.from([0])]);
}

function numbers(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(2 * values.length);
  values.forEach((value, index) => { buffer.writeUInt16BE(value, 2 * index); });
  return buffer;
}
