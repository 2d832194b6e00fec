import { loadBased } from './load-based';
import type { RebalanceStrategy } from './strategy';

/** Constructs as the load-based search does. */
export const optimal: RebalanceStrategy = { ...loadBased, name: 'optimal' };
