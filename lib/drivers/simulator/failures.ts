import type { DriverFailure } from '@/lib/contract/operation';

/** Failures in the words of the driver contract. Retryable: the same step may succeed later without anybody changing it. */
export function failure(code: DriverFailure['code'], message: string, options: { retryable: boolean }): DriverFailure {
  return { code, message, retryable: options.retryable };
}

export const interrupted = (what: string) => failure('interrupted', `${what} was interrupted`, { retryable: true });
export const unknownNode = (nodeId: string) => failure('topology-changed', `There is no node ${nodeId}`, { retryable: false });
export const nodeDown = (nodeId: string) => failure('node-down', `${nodeId} is down`, { retryable: true });
