import { getRuntime } from '@/lib/server/runtime';

export const dynamic = 'force-dynamic';

/** 200 when requests can be served, 503 with the reasons otherwise. */
export async function GET(): Promise<Response> {
  const { ready, reasons } = await getRuntime().health();
  return Response.json({ ready, reasons }, { status: ready ? 200 : 503, headers: { 'cache-control': 'no-store' } });
}
