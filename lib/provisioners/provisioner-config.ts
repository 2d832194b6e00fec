import { isAbsolute } from 'node:path';
import * as z from 'zod';
import { ProvisionerNameSchema } from '@/lib/contract/provisioner';

const absolutePath = z.string().min(1).max(4_096).refine(isAbsolute, 'An absolute path');
const port = z.number().int().min(1_024).max(65_535);
/** One word, as a directive's name or an address is. */
const word = z.string().min(1).max(300).regex(/^[^\s"'\\]+$/, 'Without blanks and quotes');
const line = z.string().max(1_000).regex(/^[^\r\n]*$/, 'One line');

const RedisProgramSchema = z.strictObject({
  kind: z.literal('redis'),
  /** redis-server or valkey-server. */
  path: absolutePath,
  directives: z.record(word, line).default({}),
});

const AgentProgramSchema = z.strictObject({
  kind: z.literal('agent'),
  path: absolutePath,
  arguments: z.array(z.string().max(4_096)).max(64).default([]),
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

/** What the configuration file says about provisioners, by their names. */
export const ProvisionersConfigSchema = z.record(ProvisionerNameSchema, z.discriminatedUnion('kind', [LocalProcessConfigSchema]));
export type ProvisionersConfig = z.infer<typeof ProvisionersConfigSchema>;
export type ProvisionerConfig = ProvisionersConfig[string];
