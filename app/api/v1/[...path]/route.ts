import { getRuntime } from '@/lib/server/runtime';

export const dynamic = 'force-dynamic';

/** Hands the request to the API of the server that Next runs in, which answers everything including what it refuses. */
function handle(request: Request): Promise<Response> {
  return getRuntime().handleApi(request);
}

export { handle as DELETE, handle as GET, handle as HEAD, handle as OPTIONS, handle as PATCH, handle as POST, handle as PUT };
