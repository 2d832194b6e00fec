import type { EnrolmentToken } from '@/lib/contract/storage';

const TOKENS_MAX = 1_000;

/** Newest first; of two made in one instant, by their hashes. */
export function newestTokens(tokens: readonly EnrolmentToken[]): EnrolmentToken[] {
  return [...tokens].sort((a, b) => b.createdAtMs - a.createdAtMs || (a.tokenHash < b.tokenHash ? -1 : 1)).slice(0, TOKENS_MAX);
}
