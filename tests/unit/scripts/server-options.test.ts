import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { readServerOptions } from '@/scripts/server-options.mjs';

describe('the options that the server runs with', () => {
  it('are those of npm start, and this Node knows all of them', () => {
    const options = readServerOptions();
    expect(options).toContain('--no-flush-bytecode');
    const { status, stdout } = spawnSync(process.execPath, [...options, '--print', 'process.execArgv.join(" ")'], { encoding: 'utf8' });
    expect({ status, stdout: stdout.split(' --print')[0] }).toEqual({ status: 0, stdout: options.join(' ') });
  });
});
