import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteString, CommandBytes, RespError, RespParser, RespProtocolError, textOfBytes, type Command, type RawReply } from '@/lib/drivers/redis-cluster/resp';

type Value = number | string | null | Value[];
const { value: valueArbitrary } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, fc.integer(), fc.string({ unit: 'binary' }), fc.constant(null), fc.array(tie('value'), { maxLength: 6 })),
}));

function encode(value: Value): Buffer {
  if (value === null) return Buffer.from('$-1\r\n');
  if (typeof value === 'number') return Buffer.from(`:${value}\r\n`);
  if (typeof value === 'string') return Buffer.concat([Buffer.from(`$${Buffer.byteLength(value)}\r\n`), Buffer.from(value), Buffer.from('\r\n')]);
  return Buffer.concat([Buffer.from(`*${value.length}\r\n`), ...value.map(encode)]);
}

function decoded(reply: RawReply): Value {
  if (typeof reply === 'string') return textOfBytes(reply);
  if (typeof reply === 'number' || reply === null) return reply;
  return reply instanceof RespError ? reply.text : reply.map(decoded);
}

describe('replies', () => {
  it('come out whole and in order, however the bytes are cut', () => {
    fc.assert(fc.property(fc.array(valueArbitrary, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 50 }), (values, cuts) => {
      const got: Value[] = [];
      const parser = new RespParser((reply) => { got.push(decoded(reply)); });
      const bytes = Buffer.concat(values.map(encode));
      for (let from = 0, n = 0; from < bytes.length; n += 1) {
        const to = from + cuts[n % cuts.length]!;
        parser.push(bytes.subarray(from, to));
        from = to;
      }
      expect(got).toEqual(values);
    }));
  });

  it('an error is a value, also inside an array, and a status is text', () => {
    const got: RawReply[] = [];
    const parser = new RespParser((reply) => { got.push(reply); });
    parser.push(Buffer.from('+OK\r\n-MOVED 5 127.0.0.1:7000\r\n*2\r\n-ERR no\r\n+QUEUED\r\n'));
    expect(decoded(got[0]!)).toBe('OK');
    expect(got[1]).toEqual(new RespError('MOVED 5 127.0.0.1:7000'));
    expect((got[2] as RawReply[])[0]).toEqual(new RespError('ERR no'));
  });

  it('something else than RESP2 is an error and no endless wait', () => {
    const parser = new RespParser(() => undefined);
    expect(() => { parser.push(Buffer.from('HTTP/1.1 400 Bad Request\r\n')); }).toThrow(RespProtocolError);
  });

  it.each([':12x\r\n', '$5-\r\n', '*1.5\r\n', `:${'1'.repeat(40)}`])('%j holds no number', (bytes) => {
    const parser = new RespParser(() => undefined);
    expect(() => { parser.push(Buffer.from(bytes)); }).toThrow(RespProtocolError);
  });
});

describe('commands', () => {
  function encoded(commands: readonly Command[]): Buffer {
    const bytes = new CommandBytes();
    bytes.add(commands);
    return bytes.take();
  }

  it('are arrays of bulk strings; bytes go through as they are', () => {
    const name = Buffer.from([0, 255, 13, 10]);
    expect(encoded([['SET', ByteString.from(name), 5], ['GET', 'ü']]))
      .toEqual(Buffer.concat([Buffer.from('*3\r\n$3\r\nSET\r\n$4\r\n'), name, Buffer.from('\r\n$1\r\n5\r\n*2\r\n$3\r\nGET\r\n$2\r\nü\r\n')]));
  });

  it('of any number and length read back as they were', () => {
    const word = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary', minLength: 1_000, maxLength: 3_000 }));
    fc.assert(fc.property(fc.array(fc.tuple(word, word), { maxLength: 40 }), (commands) => {
      const got: Value[] = [];
      new RespParser((reply) => { got.push(decoded(reply)); }).push(encoded(commands));
      expect(got).toEqual(commands);
    }));
  });

  it('are taken once, and what was taken stays as it was', () => {
    const bytes = new CommandBytes();
    bytes.add([['GET', 'a']]);
    const taken = bytes.take();
    expect(bytes.isEmpty).toBe(true);
    bytes.add([['GET', 'b']]);
    expect(taken.toString()).toBe('*2\r\n$3\r\nGET\r\n$1\r\na\r\n');
    expect(bytes.take().toString()).toBe('*2\r\n$3\r\nGET\r\n$1\r\nb\r\n');
  });
});
