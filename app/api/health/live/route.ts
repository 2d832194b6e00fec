import { getRuntime } from '@/lib/server/runtime';

export const dynamic = 'force-dynamic';

/** 200 as long as the process runs and Next shares the server's runtime. */
export async function GET(): Promise<Response> {
  const runtime = getRuntime();
  const { live } = await runtime.health();
  return Response.json({ live, version: runtime.version }, { status: live ? 200 : 503, headers: { 'cache-control': 'no-store' } });
}
