import { createKeyLookup } from '@/lib/core/routing/key-lookup';

/** The hash slot of a key, as the Redis Cluster specification defines it. */
export const hashSlotOf = createKeyLookup({ method: 'redis-slot' });
