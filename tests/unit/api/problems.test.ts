import { describe, expect, it } from 'vitest';
import { ConnectClusterSchema } from '@/lib/contract/cluster';
import { EventTypeSchema } from '@/lib/contract/events';
import { ProblemSchema } from '@/lib/contract/problem';
import { ClusterSettingsSchema, DEFAULT_SETTINGS } from '@/lib/contract/settings';
import { fieldErrorsOf, invalidRequest, pointerOf } from '@/lib/api/problems';
import * as z from 'zod';

function errorsOf(schema: z.ZodType, value: unknown) {
  const parsed = schema.safeParse(value);
  return parsed.success ? [] : fieldErrorsOf(parsed.error.issues);
}

describe('problems', () => {
  it('point at the field, with RFC 6901 escapes', () => {
    expect(pointerOf(['settings', 'a/b', 'c~d', 0])).toBe('#/settings/a~1b/c~0d/0');
    expect(pointerOf([])).toBe('#');
    const settings = { ...DEFAULT_SETTINGS, throttle: { movesInFlightMax: 2, movesPerNodeMax: 3, bytesPerSecondMax: null } };
    expect(errorsOf(ClusterSettingsSchema, settings)).toEqual([
      { pointer: '#/throttle/movesPerNodeMax', detail: 'Not above the moves in flight of the whole cluster', code: 'custom' },
    ]);
  });

  it('name each unknown field', () => {
    const errors = errorsOf(ConnectClusterSchema, { name: 'x', colour: 1, connection: { kind: 'simulator', speling: 2 } });
    expect(errors).toContainEqual({ pointer: '#/colour', detail: 'There is no such field', code: 'unknown-field' });
    expect(errors).toContainEqual({ pointer: '#/connection/speling', detail: 'There is no such field', code: 'unknown-field' });
  });

  it('let a union speak through the alternative that was meant', () => {
    const types = z.object({ type: z.array(EventTypeSchema).or(EventTypeSchema) });
    expect(errorsOf(types, { type: ['node.added', 'node.exploded'] }).map((error) => error.pointer)).toEqual(['#/type/1']);
  });

  it('are whole RFC 9457 documents, however many fields are wrong', () => {
    const many = Array.from({ length: 500 }, (_, at) => ({ pointer: `#/${at}`, detail: 'no', code: 'custom' }));
    const body = invalidRequest(many);
    expect(ProblemSchema.parse(body)).toMatchObject({ status: 400, code: 'invalid-request', type: 'urn:problem-type:phantom-scale:invalid-request' });
    expect(body.errors).toHaveLength(100);
  });
});
