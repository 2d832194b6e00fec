import { readFileSync } from 'node:fs';
import { ProvisionersConfigSchema, type ProvisionersConfig } from '@/lib/provisioners/provisioner-config';
import { err, ok, type Result } from '@/lib/platform/result';
import * as z from 'zod';

/** What only the file may say: it names programs and addresses, which nobody may change over the network. */
export interface FileConfig {
  readonly provisioners: ProvisionersConfig;
}

export const NO_FILE: FileConfig = { provisioners: {} };

const FileConfigSchema = z.strictObject({ provisioners: ProvisionersConfigSchema.default({}) });
const FILE_BYTES_MAX = 1_048_576;
const FAULTS_SHOWN_MAX = 20;

/** The configuration file, or one line for each thing in it that cannot be used. */
export function readConfigFile(path: string): Result<FileConfig, readonly string[]> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return err([`CONFIG_FILE cannot be read: ${error instanceof Error ? error.message : String(error)}`]);
  }
  if (text.length > FILE_BYTES_MAX) return err([`CONFIG_FILE is larger than ${FILE_BYTES_MAX} bytes`]);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // The error's own message may quote a secret that stands in the file.
    return err(['CONFIG_FILE is no JSON']);
  }
  const parsed = FileConfigSchema.safeParse(document);
  if (parsed.success) return ok(parsed.data);
  return err(parsed.error.issues.slice(0, FAULTS_SHOWN_MAX).map((issue) => `CONFIG_FILE, ${issue.path.join('.') || 'the whole'}: ${issue.message}.`));
}
