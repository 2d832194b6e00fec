export interface Rebalance {
  readonly seconds: number;
  /** Where the time went; asked for when nothing is measured any more. */
  readonly note: () => Promise<string>;
}

/** Ready to go: what is not part of the rebalance (start, connect) is done. */
export interface Prepared {
  run(told: (share: number) => void): Promise<Rebalance>;
  stop(): Promise<void>;
}
