/** Which operation, and the version of it that the caller looked at: another one stored is a conflict. */
export interface OperationTarget {
  readonly operationId: string;
  /** Absent: whatever it is. */
  readonly version?: number | undefined;
}
