/** Thrown when our own code broke a promise. Assertions stay on in production. */
export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure';
  readonly code = 'assertion-failed';
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(message);
}

/** Ends an exhaustive switch: the compiler refuses a case that was forgotten. */
export function assertNever(value: never): never {
  throw new AssertionFailure(`Unhandled case: ${JSON.stringify(value)}`);
}
