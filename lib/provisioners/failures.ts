import type { ProvisionerFailure } from '@/lib/contract/provisioner';

const RETRYABLE: ReadonlySet<ProvisionerFailure['code']> = new Set(['unavailable', 'timeout', 'interrupted']);

/** With what its code says about trying again, unless told otherwise. */
export function failureOf(code: ProvisionerFailure['code'], message: string, retryable = RETRYABLE.has(code)): ProvisionerFailure {
  return { code, message: message.slice(0, 500), retryable };
}

/** An error of the operating system or of a connection, in words. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export const INTERRUPTED = failureOf('interrupted', 'It was called off before it had ended');
