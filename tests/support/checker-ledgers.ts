/**
 * What the checker writes, and how it finds out afterwards whether every acknowledged
 * write is there exactly once. A ledger owns one key (or the keys of one hash tag) that
 * nobody else writes, and remembers what was acknowledged. A write whose answer was lost
 * may or may not have happened: both outcomes are accepted for it.
 */
import type { Cluster } from 'ioredis';

export interface Verdict {
  /** Acknowledged writes that cannot be read. */
  readonly lost: number;
  /** Writes that took effect more than once. */
  readonly duplicated: number;
  /** Deleted or expired keys that are there again. */
  readonly resurrected: number;
  /** Times to live that are not what was asked for. */
  readonly ttlWrong: number;
}

export const FLAWLESS: Verdict = { lost: 0, duplicated: 0, resurrected: 0, ttlWrong: 0 };

export interface Ledger {
  /** One operation; rejects with what the client threw. Gives how many acknowledged writes the answer did not know of. */
  act(): Promise<number>;
  verify(): Promise<Verdict>;
}

/** A write of a number: done once, acknowledged, or of unknown outcome. */
class Numbers {
  next = 0;
  readonly acknowledged: number[] = [];
  readonly doubtful = new Set<number>();

  async write(write: (number: number) => Promise<unknown>): Promise<void> {
    this.next += 1;
    const number = this.next;
    try {
      await write(number);
      this.acknowledged.push(number);
    } catch (error) {
      this.doubtful.add(number);
      throw error;
    }
  }

  judge(found: readonly number[]): Verdict {
    const distinct = new Set(found);
    const strange = [...distinct].filter((number) => number > this.next).length;
    return { ...FLAWLESS, lost: this.acknowledged.filter((number) => !distinct.has(number)).length, duplicated: found.length - distinct.size + strange };
  }
}

/** INCR, and every second time a read of one's own write. */
export function counterLedger(cluster: Cluster, key: string): Ledger {
  let acknowledged = 0, doubtful = 0, turn = 0;
  return {
    async act() {
      turn += 1;
      if (turn % 2 === 0) return Math.max(0, acknowledged - Number(await cluster.get(key) ?? 0));
      doubtful += 1;
      const value = await cluster.incr(key);
      doubtful -= 1;
      acknowledged += 1;
      return Math.max(0, acknowledged - value);
    },
    async verify() {
      const value = Number(await cluster.get(key) ?? 0);
      return { ...FLAWLESS, lost: Math.max(0, acknowledged - value), duplicated: Math.max(0, value - acknowledged - doubtful) };
    },
  };
}

export function appendLedger(cluster: Cluster, key: string): Ledger {
  const numbers = new Numbers();
  return {
    async act() {
      await numbers.write((number) => cluster.append(key, `${number};`));
      return 0;
    },
    async verify() {
      const text = await cluster.get(key) ?? '';
      return numbers.judge(text.split(';').filter((part) => part !== '').map(Number));
    },
  };
}

export function listLedger(cluster: Cluster, key: string): Ledger {
  const numbers = new Numbers();
  return {
    async act() {
      await numbers.write((number) => cluster.rpush(key, number));
      return 0;
    },
    async verify() {
      return numbers.judge((await cluster.lrange(key, 0, -1)).map(Number));
    },
  };
}

export function streamLedger(cluster: Cluster, key: string): Ledger {
  const numbers = new Numbers();
  return {
    async act() {
      await numbers.write((number) => cluster.xadd(key, '*', 'n', number));
      return 0;
    },
    async verify() {
      return numbers.judge((await cluster.xrange(key, '-', '+')).map(([, fields]) => Number(fields[1])));
    },
  };
}

/** Each number becomes a field that counts to one: a doubled write shows as two. */
export function hashLedger(cluster: Cluster, key: string): Ledger {
  const numbers = new Numbers();
  return {
    async act() {
      await numbers.write((number) => cluster.hincrby(key, `f${number}`, 1));
      return 0;
    },
    async verify() {
      const found = Object.entries(await cluster.hgetall(key)).flatMap(([field, count]) => new Array<number>(Number(count)).fill(Number(field.slice(1))));
      return numbers.judge(found);
    },
  };
}

/** Two keys of one hash tag, written together and read together; a half-done pair would be a lost write. */
export function pairLedger(cluster: Cluster, key: string): Ledger {
  const numbers = new Numbers();
  const [first, second] = [`{${key}}:a`, `{${key}}:b`];
  const read = async () => (await cluster.mget(first, second)).map((value) => Number(value ?? 0)) as [number, number];
  const last = () => numbers.acknowledged.at(-1) ?? 0;
  let turn = 0;
  return {
    async act() {
      turn += 1;
      if (turn % 2 === 0) {
        const [a, b] = await read();
        return a < last() || a !== b ? 1 : 0;
      }
      await numbers.write((number) => cluster.mset(first, number, second, number));
      return 0;
    },
    async verify() {
      const [a, b] = await read();
      return { ...FLAWLESS, lost: a < last() || b < last() || a !== b ? 1 : 0 };
    },
  };
}

const LONG_TTL_MS = 3_600_000;
const SHORT_TTL_MS = 400;
/** MIGRATE carries the time that is left, so a key may live longer by the time its transfer took. */
const TTL_SLACK_MS = 2_500;

/** In turn a key that lives an hour and one that is gone in a moment. */
export function expiringLedger(cluster: Cluster, key: string): Ledger {
  let long: { readonly number: number; readonly fromMs: number; readonly toMs: number } | null = null;
  let shortEndsAtMs = 0, isShortDoubtful = false, isLongDoubtful = false, turn = 0;
  return {
    async act() {
      turn += 1;
      const beganAtMs = Date.now();
      if (turn % 2 === 0) {
        isLongDoubtful = true;
        await cluster.set(`${key}:long`, turn, 'PX', LONG_TTL_MS);
        isLongDoubtful = false;
        long = { number: turn, fromMs: beganAtMs + LONG_TTL_MS, toMs: Date.now() + LONG_TTL_MS };
      } else {
        isShortDoubtful = true;
        await cluster.set(`${key}:short`, turn, 'PX', SHORT_TTL_MS);
        isShortDoubtful = false;
        shortEndsAtMs = Date.now() + SHORT_TTL_MS;
      }
      return 0;
    },
    async verify() {
      const waitMs = shortEndsAtMs + TTL_SLACK_MS - Date.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      const resurrected = isShortDoubtful ? 0 : await cluster.exists(`${key}:short`);
      if (long === null || isLongDoubtful) return { ...FLAWLESS, resurrected };
      const value = await cluster.get(`${key}:long`);
      const endsAtMs = Date.now() + await cluster.pttl(`${key}:long`);
      const isKept = endsAtMs >= long.fromMs - TTL_SLACK_MS && endsAtMs <= long.toMs + TTL_SLACK_MS;
      return { ...FLAWLESS, resurrected, lost: Number(value) === long.number ? 0 : 1, ttlWrong: value !== null && !isKept ? 1 : 0 };
    },
  };
}

/** SET, then DEL: a deleted key stays deleted. */
export function deletedLedger(cluster: Cluster, key: string): Ledger {
  let state: 'written' | 'deleted' | 'unknown' = 'deleted';
  let turn = 0;
  return {
    async act() {
      turn += 1;
      state = 'unknown';
      if (turn % 2 === 1) {
        await cluster.set(key, turn);
        state = 'written';
      } else {
        await cluster.del(key);
        state = 'deleted';
      }
      return 0;
    },
    async verify() {
      const exists = await cluster.exists(key);
      return { ...FLAWLESS, lost: state === 'written' && exists === 0 ? 1 : 0, resurrected: state === 'deleted' ? exists : 0 };
    },
  };
}

/** Reads of keys that somebody else filled in; they must not disappear. */
export function filledLedger(cluster: Cluster, nameOf: (n: number) => string, keys: number, first: number): Ledger {
  let n = first, missing = 0;
  return {
    async act() {
      n = (n + 7_919) % keys;
      if (await cluster.strlen(nameOf(n)) > 0) return 0;
      missing += 1;
      return 1;
    },
    verify: () => Promise.resolve({ ...FLAWLESS, lost: missing }),
  };
}

export const LEDGERS = {
  counter: counterLedger, append: appendLedger, list: listLedger, stream: streamLedger, hash: hashLedger,
  pair: pairLedger, expiring: expiringLedger, deleted: deletedLedger,
} as const;
export type LedgerKind = keyof typeof LEDGERS;
export const LEDGER_KINDS = Object.keys(LEDGERS) as readonly LedgerKind[];
