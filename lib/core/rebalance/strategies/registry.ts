import type { Strategy } from '@/lib/contract/plan';
import { consistentHashing } from './consistent-hashing';
import { loadBased } from './load-based';
import { optimal } from './optimal';
import { roundRobin } from './round-robin';
import type { RebalanceStrategy } from './strategy';

const STRATEGY_OF: Readonly<Record<Strategy, RebalanceStrategy>> = {
  'consistent-hashing': consistentHashing,
  'round-robin': roundRobin,
  'load-based': loadBased,
  optimal,
};

export function strategyOf(name: Strategy): RebalanceStrategy {
  return STRATEGY_OF[name];
}
