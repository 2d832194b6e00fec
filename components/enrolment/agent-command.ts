export interface AgentCommandFields {
  readonly managerUrl: string;
  readonly token: string;
  /** Folder of the node's data. */
  readonly dataDir: string;
  readonly port: string;
  readonly zone: string;
}

/** What to run on the machine of the new node. The token is in the environment, where other users of the machine do not see it. */
export function agentCommandOf({ managerUrl, token, dataDir, port, zone }: AgentCommandFields): string {
  const options = [['--data', dataDir], ['--port', port], ['--zone', zone], ['--manager', managerUrl]].filter(([, value]) => value !== '');
  // The token fills a line of its own, so that the dialog breaks no word of the command.
  return [`PHANTOM_AGENT_TOKEN=${quoted(token)}`, 'npm run agent --', ...options.map(([name, value]) => `${name} ${quoted(value!)}`)].join(' \\\n  ');
}

/** As one word of a POSIX shell. */
function quoted(value: string): string {
  return /^[\w./:@%+=,-]+$/.test(value) ? value : `'${value.replaceAll(`'`, `'\\''`)}'`;
}
