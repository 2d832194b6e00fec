import type { DriverFailure } from '@/lib/contract/operation';

export function failureOf(code: DriverFailure['code'], message: string, retryable = false): DriverFailure {
  return { code, message: message.slice(0, 1_000), retryable };
}

export const INTERRUPTED: DriverFailure = { code: 'interrupted', message: 'Stopped at a safe point', retryable: true };
