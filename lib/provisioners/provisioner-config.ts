import { isAbsolute } from 'node:path';
import * as z from 'zod';
import { ProvisionerNameSchema } from '@/lib/contract/provisioner';
import { namesLoopback } from './hook/outbound-guard';

const absolutePath = z.string().min(1).max(4_096).refine(isAbsolute, 'An absolute path');
const port = z.number().int().min(1_024).max(65_535);
const milliseconds = (min: number, max: number) => z.number().int().min(min).max(max);
/** One word, as a directive's name is. */
const word = z.string().min(1).max(300).regex(/^[^\s"'\\]+$/, 'Without blanks and quotes');
const line = z.string().max(1_000).regex(/^[^\r\n]*$/, 'One line');
const address = z.string().max(300).regex(/^(\[[0-9a-fA-F:.]+\]|[^\s:/@]+):\d{1,5}$/, 'host:port, IPv6 hosts in brackets');
/** Which kind of cluster its nodes can join. */
const clusterKind = z.enum(['redis-cluster', 'http-agent']);
const programArguments = z.array(z.string().max(4_096)).max(64).default([]);

const RedisProgramSchema = z.strictObject({
  kind: z.literal('redis'),
  /** redis-server or valkey-server. */
  path: absolutePath,
  directives: z.record(word, line).default({}),
});

const AgentProgramSchema = z.strictObject({
  kind: z.literal('agent'),
  path: absolutePath,
  arguments: programArguments,
  managerUrl: z.url({ protocol: /^https?$/ }),
});

const LocalProcessConfigSchema = z.strictObject({
  kind: z.literal('local-process'),
  program: z.discriminatedUnion('kind', [RedisProgramSchema, AgentProgramSchema]),
  folder: absolutePath,
  portMin: port.default(7_100),
  portMax: port.default(7_199),
  nodesMax: z.number().int().min(1).max(256).default(16),
}).refine((config) => config.portMin <= config.portMax, { path: ['portMax'], message: 'Not below portMin' })
  .refine((config) => config.program.kind !== 'redis' || config.portMax <= 55_535, { path: ['portMax'], message: 'At most 55535: the port of the cluster bus is 10000 above' });

const StandbyConfigSchema = z.strictObject({
  kind: z.literal('standby'),
  for: clusterKind,
  nodes: z.array(z.strictObject({ address, zone: z.string().min(1).max(128).nullable().default(null) })).min(1).max(1_000)
    .refine((nodes) => new Set(nodes.map((node) => node.address)).size === nodes.length, 'Each address once'),
});

/** From the intent to an answering node, and between two looks at it. */
const hookTiming = { readyWithinMs: milliseconds(1_000, 7_200_000).default(900_000), pollMs: milliseconds(200, 600_000).default(5_000) };

const CommandConfigSchema = z.strictObject({
  kind: z.literal('command'),
  for: clusterKind,
  path: absolutePath,
  arguments: programArguments,
  environment: z.record(word, z.string().max(8_192)).default({}),
  timeoutMs: milliseconds(100, 600_000).default(60_000),
  ...hookTiming,
});

const WebhookConfigSchema = z.strictObject({
  kind: z.literal('webhook'),
  for: clusterKind,
  url: z.url({ protocol: /^https?$/ }).refine((url) => url.startsWith('https:') || namesLoopback(new URL(url).hostname), 'https, except to this machine itself')
    .refine((url) => new URL(url).username === '' && new URL(url).password === '', 'Without user and password'),
  secretFile: absolutePath,
  timeoutMs: milliseconds(100, 120_000).default(15_000),
  ...hookTiming,
});

/** What the configuration file says about provisioners, by their names. */
export const ProvisionersConfigSchema = z.record(ProvisionerNameSchema, z.discriminatedUnion('kind', [LocalProcessConfigSchema, StandbyConfigSchema, CommandConfigSchema, WebhookConfigSchema]));
export type ProvisionersConfig = z.infer<typeof ProvisionersConfigSchema>;
export type ProvisionerConfig = ProvisionersConfig[string];
