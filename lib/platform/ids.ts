/** Makes ids: unique, sortable by time of making, prefixed with what they name. */
export type NextId = (prefix: string) => string;

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * Ids such as `plan_01k2v6r4mqz8h7t3`: 48 bits of milliseconds in Crockford base 32,
 * then `randomPart` (10 characters). Time and randomness are arguments.
 */
export function createNextId(source: { wallMs: () => number; random: () => number }): NextId {
  return (prefix) => {
    let time = Math.floor(source.wallMs());
    let stamp = '';
    for (let i = 0; i < 10; i += 1) {
      stamp = (alphabet[time % 32] as string) + stamp;
      time = Math.floor(time / 32);
    }
    let tail = '';
    for (let i = 0; i < 10; i += 1) tail += alphabet[Math.floor(source.random() * 32)] as string;
    return `${prefix}_${stamp}${tail}`;
  };
}
