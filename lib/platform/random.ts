/**
 * Seeded randomness as an argument: sfc32 (Chris Doty-Humphrey, PractRand), 128 bits
 * of state, seeded from a number or text by the cyrb-style mixing below. A failing
 * run is replayed from its seed. Not for secrets.
 */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, bound); bound >= 1. */
  integer(bound: number): number;
  /** Standard normal deviate (Box-Muller). */
  normal(): number;
  /** Exponential deviate with the given mean. */
  exponential(mean: number): number;
  /** An independent stream, the same for the same label whatever was drawn before. */
  fork(label: string): Random;
}

export function createRandom(seed: number | string): Random {
  const text = String(seed);
  let [a, b, c, d] = mixSeed(text);
  const nextWord = () => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  for (let round = 0; round < 12; round += 1) nextWord();
  const next = () => nextWord() / 4_294_967_296;
  return {
    next,
    integer: (bound) => Math.floor(next() * bound),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    exponential: (mean) => -mean * Math.log(1 - next()),
    fork: (label) => createRandom(`${text}/${label}`),
  };
}

/** Picks one element; `items` is not empty. */
export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.integer(items.length)] as T;
}

/** A shuffled copy (Fisher-Yates). */
export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const copy = [...items];
  for (let i = copy.length - 1; i > 0; i -= 1) {
    const j = random.integer(i + 1);
    [copy[i], copy[j]] = [copy[j] as T, copy[i] as T];
  }
  return copy;
}

function mixSeed(text: string): [number, number, number, number] {
  const words = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0xdeadbeef];
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    for (let w = 0; w < 4; w += 1) {
      words[w] = Math.imul((words[w] as number) ^ (code + w), 0x85ebca6b + (w << 1));
      words[w] = (words[w] as number) ^ ((words[w] as number) >>> 13);
    }
  }
  return words.map((word) => word | 0) as [number, number, number, number];
}
