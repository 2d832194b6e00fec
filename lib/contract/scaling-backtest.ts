/** What a policy would have done on recorded load. */
import * as z from 'zod';
import { CountSchema, TimestampMsSchema } from './primitives';

const amount = z.number().min(0);

export const BacktestMarkerSchema = z.object({ atMs: TimestampMsSchema, from: CountSchema, to: CountSchema }).meta({ id: 'BacktestMarker' });

export const BacktestResultSchema = z.object({
  countedMs: amount,
  overCapacityMs: amount,
  overCapacityPercent: amount,
  nodeHours: amount,
  /** Against the hours of a pool that knew the load beforehand. */
  nodeHoursRatio: amount,
  moves: CountSchema,
  /** Databases' worth of data moved. */
  copies: amount,
  bytesMoved: amount,
  reversals: CountSchema,
  movesPerDay: amount, copiesPerDay: amount, reversalsPerDay: amount,
  /** Per cent too little and too much on average, and per cent of the time with either. */
  thetaU: amount, thetaO: amount, tauU: amount, tauO: amount,
  /** The newest changes of size. */
  markers: z.array(BacktestMarkerSchema).max(500),
  markersLeftOut: CountSchema,
}).meta({ id: 'BacktestResult' });
export type BacktestResult = z.infer<typeof BacktestResultSchema>;

/** A stretch of time in which the edited policy has another size than the active one. */
export const BacktestDifferenceSchema = z.object({ fromMs: TimestampMsSchema, toMs: TimestampMsSchema, activeNodes: CountSchema, editedNodes: CountSchema }).meta({ id: 'BacktestDifference' });
export type BacktestDifference = z.infer<typeof BacktestDifferenceSchema>;
