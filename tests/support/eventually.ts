/** Asks until it is so; fails with the last answer. */
export async function eventually<T>(what: string, read: () => Promise<T>, isSo: (value: T) => boolean, limitMs = 30_000): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const value = await read();
    if (isSo(value)) return value;
    if (performance.now() > deadline) throw new Error(`Not within ${limitMs} ms: ${what}; last ${JSON.stringify(value).slice(0, 2_000)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
