import { describe, expect, it } from 'vitest';
import { connectionOf, connectRequestOf, REDIS_FIELDS } from '@/lib/client/connect-request';
import { tierIn } from '@/lib/client/confirm-tier';
import { apiFilterOf, matchesFilter, mergeEvents, type EventFilter } from '@/lib/client/event-query';
import { toCsv } from '@/lib/client/export-file';
import { fieldErrorsOf } from '@/lib/client/field-errors';
import { freshnessOf, writeAllowed } from '@/lib/client/freshness';
import { healthSentence } from '@/lib/client/health-sentence';
import { IdempotencyKeys } from '@/lib/client/idempotency-keys';
import { areasTouchedBy } from '@/lib/client/query-areas';
import { shallowEqual, stableSelection } from '@/lib/client/selection';
import { nodeWords } from '@/lib/client/status';
import { ConnectClusterSchema } from '@/lib/contract/cluster';
import { EVENT_TYPES } from '@/lib/contract/events';
import { eventOf, nodeOf, START_MS, summaryOf } from './live-fixtures';

const LIVE = { status: 'live', heartbeatMs: 0 } as const;
const at = (ageMs: number) => ({ state: { summary: summaryOf(), gone: false }, connection: LIVE, serverNowMs: START_MS + ageMs });

describe('[R2] freshness', () => {
  it('is fresh within two intervals and stale beyond, with its age', () => {
    expect(freshnessOf(at(2_000))).toEqual({ stale: false, ageMs: 2_000, reason: null });
    expect(freshnessOf(at(12_000))).toMatchObject({ stale: true, ageMs: 12_000, reason: 'The last complete observation is 12 s old' });
  });

  it('is stale whenever the connection is not live, however young the picture', () => {
    const input = { ...at(0), connection: { status: 'reconnecting', lostMs: 0, attempt: 1 } as const };
    expect(freshnessOf(input).stale).toBe(true);
    expect(writeAllowed(input)).toMatchObject({ allowed: false });
    expect(writeAllowed(input).reason).toContain('connection');
  });

  it('a cluster that was never observed has no age, not an age of 0', () => {
    expect(freshnessOf({ ...at(0), state: { summary: summaryOf({ observedAtMs: null }), gone: false } })).toMatchObject({ stale: true, ageMs: null });
  });

  it('names why the reading failed', () => {
    const state = { summary: summaryOf({ observationError: 'no node answered' }), gone: false };
    expect(freshnessOf({ ...at(9_000), state }).reason).toContain('no node answered');
  });

  it('allows writing only from a fresh picture', () => {
    expect(writeAllowed(at(500))).toEqual({ allowed: true, reason: null });
    expect(writeAllowed(at(60_000)).allowed).toBe(false);
    expect(writeAllowed({ ...at(0), state: { summary: null, gone: false } }).allowed).toBe(false);
  });
});

describe('the health sentence', () => {
  const reason = (code: 'nodes-dead' | 'nodes-suspect' | 'over-safety-line', severity: 'notice' | 'warning' | 'critical', nodeIds: string[]) => ({ code, severity, nodeIds, shardCount: 0, shardIds: [], message: `${code} message` });

  it('counts every node once, however many reasons name it, and says what is next to loss', () => {
    const health = { status: 'critical' as const, nodesTotal: 12, nodesAlive: 10, shardsAtRisk: 3, zones: [], reasons: [reason('nodes-dead', 'critical', ['a', 'b']), reason('over-safety-line', 'warning', ['b'])] };
    expect(healthSentence(summaryOf({ health }))).toBe('2 of 12 nodes need attention, 3 shards one failure from loss');
    expect(healthSentence(summaryOf({ health: { ...health, shardsAtRisk: 0, reasons: [reason('over-safety-line', 'warning', ['b'])] } }))).toBe('1 of 12 nodes needs attention');
  });

  it('says the worst of the shards: lost before leaderless before next to loss', () => {
    const leaderless = { ...reason('nodes-dead', 'critical', []), code: 'shards-without-primary' as const, shardCount: 2 };
    const lost = { ...leaderless, code: 'shards-lost' as const, shardCount: 1 };
    const health = { status: 'critical' as const, nodesTotal: 3, nodesAlive: 3, shardsAtRisk: 7, zones: [], reasons: [leaderless] };
    expect(healthSentence(summaryOf({ health }))).toBe('2 shards without a living primary');
    expect(healthSentence(summaryOf({ health: { ...health, reasons: [lost, leaderless] } }))).toBe('1 shard without any living copy');
  });

  it('never says that all is well of a state that is not known', () => {
    expect(healthSentence(summaryOf({ health: { status: 'unknown', nodesTotal: 0, nodesAlive: 0, shardsAtRisk: 0, zones: [], reasons: [] } }))).toBe('The state of the cluster is not known');
  });
});

describe('events', () => {
  const none: EventFilter = { types: [], severityMin: 'info', nodeId: null, operationId: null };

  it('a live event is shown exactly when the API would have returned it', () => {
    const event = eventOf(1, { severity: 'warning', operationId: 'o1' });
    expect(matchesFilter(event, none)).toBe(true);
    expect(matchesFilter(event, { ...none, severityMin: 'critical' })).toBe(false);
    expect(matchesFilter(event, { ...none, severityMin: 'warning', types: ['node.added'], nodeId: 'node-1', operationId: 'o1' })).toBe(true);
    expect(matchesFilter(event, { ...none, types: ['node.removed'] })).toBe(false);
    expect(matchesFilter(event, { ...none, nodeId: 'node-2' })).toBe(false);
    expect(matchesFilter(event, { ...none, operationId: 'o2' })).toBe(false);
  });

  it('sends only what narrows', () => {
    expect(apiFilterOf(none)).toEqual({});
    expect(apiFilterOf({ types: ['node.added'], severityMin: 'notice', nodeId: 'n', operationId: 'o' })).toEqual({ type: ['node.added'], severityMin: 'notice', nodeId: 'n', operationId: 'o' });
  });

  it('every event once, live ones on top of loaded ones', () => {
    expect(mergeEvents([eventOf(5), eventOf(4), eventOf(3)], [eventOf(4), eventOf(3), eventOf(2)]).map((event) => event.sequence)).toEqual([5, 4, 3, 2]);
  });

  it('every type of event makes at least the log old, and those that change something what they change', () => {
    for (const type of EVENT_TYPES) expect(areasTouchedBy([eventOf(1, { type })]), type).toContain('events');
    expect(areasTouchedBy([eventOf(1, { type: 'settings.changed' })])).toContain('settings');
    expect(areasTouchedBy([eventOf(1, { type: 'operation.succeeded' })])).toContain('operations');
    expect(areasTouchedBy([])).toEqual([]);
  });
});

describe('an export', () => {
  it('quotes as RFC 4180, leaves unknown empty and runs no formula', () => {
    expect(toCsv([{ a: 'x,"y"', b: null, c: '=SUM(A1)', d: -3 }], ['a', 'b', 'c', 'd'])).toBe('a,b,c,d\r\n"x,""y""",,\'=SUM(A1),-3\r\n');
  });
});

describe('a request to connect', () => {
  it('leaves out what is blank, and what TLS does not use', () => {
    const request = connectRequestOf({ name: 'r', environment: 'staging', connection: { ...REDIS_FIELDS, seeds: ['h:1'], tls: { ...REDIS_FIELDS.tls, caPem: 'PEM' } } });
    expect(request.connection).toEqual({ kind: 'redis-cluster', seeds: ['h:1'], commandTimeoutMs: 2_000, tls: { enabled: false, rejectUnauthorized: true } });
    expect(ConnectClusterSchema.safeParse(request).success).toBe(true);
  });

  it('keeps credentials and certificates that were given', () => {
    expect(connectionOf({ ...REDIS_FIELDS, seeds: ['h:1'], username: 'u', password: ' p ', tls: { ...REDIS_FIELDS.tls, enabled: true, caPem: 'PEM', rejectUnauthorized: false } }))
      .toMatchObject({ username: 'u', password: ' p ', tls: { enabled: true, rejectUnauthorized: false, caPem: 'PEM' } });
  });
});

describe('errors of a form', () => {
  const request = (change: object) => ({ name: 'r', environment: 'staging', connection: { kind: 'redis-cluster', seeds: ['h:1'] }, ...change });

  it('are by field, in words, and none when the request may be sent', () => {
    expect(fieldErrorsOf(ConnectClusterSchema, request({}))).toBeNull();
    expect(fieldErrorsOf(ConnectClusterSchema, request({ name: ' ', connection: { kind: 'redis-cluster', seeds: [] } }))).toEqual({ 'name': 'This is needed', 'connection.seeds': 'At least one is needed' });
    expect(fieldErrorsOf(ConnectClusterSchema, request({ connection: { kind: 'redis-cluster', seeds: ['h'], commandTimeoutMs: 5 } })))
      .toEqual({ 'connection.seeds.0': 'host:port, IPv6 hosts in brackets; or dns+name:port, dnssrv+name', 'connection.commandTimeoutMs': 'At least 100' });
    expect(fieldErrorsOf(ConnectClusterSchema, request({ name: 'n'.repeat(65), connection: { kind: 'simulator', nodeCount: '', zoneCount: 1.5 } })))
      .toEqual({ 'name': 'At most 64 characters', 'connection.nodeCount': 'A number is needed', 'connection.zoneCount': 'A whole number is needed' });
  });
});

describe('small rules', () => {
  it('production asks one tier more, and never more than there is', () => {
    expect(['undoable', 'felt', 'irreversible'].map((tier) => tierIn('production', tier as 'felt'))).toEqual(['felt', 'irreversible', 'irreversible']);
    expect(tierIn('staging', 'undoable')).toBe('undoable');
  });

  it('a node that is wrong says so before what is wanted of it', () => {
    expect(nodeWords(nodeOf('n', { liveness: 'dead', lifecycle: 'draining' }), START_MS).label).toBe('Dead');
    expect(nodeWords(nodeOf('n', { liveness: 'suspect', maintenanceUntilMs: START_MS + 1 }), START_MS).label).toBe('Maintenance');
    expect(nodeWords(nodeOf('n', { lifecycle: 'draining', cordoned: true }), START_MS).label).toBe('Draining');
    expect(nodeWords(nodeOf('n', { quarantinedUntilMs: START_MS - 1 }), START_MS).label).toBe('Active');
  });

  it('remembers a bounded number of unanswered attempts', () => {
    let made = 0;
    const keys = new IdempotencyKeys(() => `k${(made += 1)}`);
    for (let call = 0; call < 65; call += 1) keys.keyFor(['a'], call);
    expect(keys.keyFor(['a'], 64)).toBe('k65');
    expect(keys.keyFor(['a'], 0)).toBe('k66');
  });

  it('a selection stays the same object while its parts do, also over a change of the selector', () => {
    let source = { parts: [1, 2], other: 0 };
    const make = (previous: { value: number[] } | null) => stableSelection({ getSource: () => source, select: ({ parts }) => parts.map((part) => part), isEqual: shallowEqual, previous: () => previous });
    const get = make(null);
    const first = get();
    source = { ...source, other: 1 };
    expect(get()).toBe(first);
    expect(make({ value: first })()).toBe(first);
    source = { parts: [1, 3], other: 1 };
    expect(get()).toEqual([1, 3]);
  });

  it('equality is shallow, and an array is not an object', () => {
    expect(shallowEqual({ a: 1, b: NaN }, { a: 1, b: NaN })).toBe(true);
    expect(shallowEqual<unknown>([], {})).toBe(false);
    expect(shallowEqual<unknown>({ a: undefined }, { b: undefined })).toBe(false);
    expect(shallowEqual<unknown>({ a: {} }, { a: {} })).toBe(false);
    expect(shallowEqual<unknown>(new Map(), new Map())).toBe(false);
  });
});
