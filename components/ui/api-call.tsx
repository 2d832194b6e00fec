'use client';

import { ActionIcon, CopyButton, Popover, Tooltip } from '@mantine/core';
import { IconApi, IconCheck, IconCopy } from '@tabler/icons-react';
import classes from './api-call.module.css';

export interface ApiCallProps {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the API's base, such as /clusters/c1/plans. */
  readonly path: string;
  readonly body?: unknown;
}

/** The same thing as a command line, to look at and to copy. */
export function ApiCall({ method, path, body }: ApiCallProps) {
  return (
    <Popover width="min(36rem, 92vw)" position="bottom-end" withArrow>
      <Popover.Target>
        <Tooltip label="The same as an API call">
          <ActionIcon variant="default" aria-label="Show the same as an API call"><IconApi size={16} aria-hidden /></ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown>
        <ApiCallText method={method} path={path} body={body} />
      </Popover.Dropdown>
    </Popover>
  );
}

function ApiCallText({ method, path, body }: ApiCallProps) {
  const command = curlOf({ method, path, body }, window.location.origin);
  return (
    <div className={classes['call']}>
      <pre className={classes['text']} tabIndex={0}>{command}</pre>
      <CopyButton value={command}>
        {({ copied, copy }) => (
          <ActionIcon variant="subtle" color="gray" onClick={copy} aria-label={copied ? 'Copied' : 'Copy the command'}>
            {copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
          </ActionIcon>
        )}
      </CopyButton>
    </div>
  );
}

function curlOf({ method, path, body }: ApiCallProps, origin: string): string {
  const url = `'${origin}/api/v1${path}'`;
  if (method === 'GET') return `curl ${url}`;
  const parts = [`curl -X ${method} ${url}`, `  -H "idempotency-key: $(uuidgen)"`];
  if (body !== undefined) parts.push(`  -H 'content-type: application/json'`, `  -d '${JSON.stringify(body).replaceAll(`'`, `'\\''`)}'`);
  return parts.join(' \\\n');
}
