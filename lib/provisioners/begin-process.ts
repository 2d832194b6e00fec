/** Runs what begins a process, in the state that the process is to inherit from us: its priority, which may be lower for a while. */
export type BeginProcess = <T>(begin: () => T) => T;
