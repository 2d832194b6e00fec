/**
 * The one door through which Next's pages and routes reach the server. Next bundles app/
 * apart from the custom server, so a module imported on both sides exists twice; what
 * must exist once is kept on globalThis by the composition root, and only its type is
 * imported here.
 */
export interface Runtime {
  /** Answers a request below /api/v1; never rejects. */
  handleApi(request: Request): Promise<Response>;
  /** live: the process runs. ready: the database answers and every cluster's loop was started. */
  health(): Promise<{ live: boolean; ready: boolean; reasons: readonly string[] }>;
  readonly version: string;
}

const key = Symbol.for('phantom-scale.runtime');

export function getRuntime(): Runtime {
  const runtime = (globalThis as { [key]?: Runtime })[key];
  if (runtime === undefined) throw new Error('The server was not started by lib/server/main.ts: there is no runtime');
  return runtime;
}
