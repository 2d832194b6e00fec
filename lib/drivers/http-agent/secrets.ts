import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const SECRET_BYTES = 32;

/** A token or a credential: 256 random bits. The prefix says what it is, so that a scanner of leaked secrets can know it. */
export function newSecret(kind: 'token' | 'credential'): string {
  return `${kind === 'token' ? 'pse' : 'psn'}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
}

/** What is stored of it. A fast hash is enough: there is nothing to guess in 256 random bits. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** What a token is called without telling it: the begin of its hash. */
export function tokenIdOf(tokenHash: string): string {
  return `token_${tokenHash.slice(0, 24)}`;
}

/** Compared in constant time. */
export function matchesHash(secret: string, hash: string): boolean {
  return timingSafeEqual(Buffer.from(hashOf(secret), 'hex'), Buffer.from(hash, 'hex'));
}
