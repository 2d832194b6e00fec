'use client';

import { Button, Group, Popover } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useApi } from '@/components/realtime/live-provider';
import { useWriteAllowed } from '@/components/realtime/use-cluster';
import { ProblemAlert } from '@/components/ui/problem-alert';
import { WriteButton } from '@/components/ui/write-button';
import { toApiProblem } from '@/lib/client/api-problem';
import type { Operation } from '@/lib/contract/operation';
import { ThrottleFields } from './throttle-fields';

/** New limits for a running operation; they hold from the next batch on. */
export function ChangeThrottle({ operation }: { readonly operation: Operation }) {
  const api = useApi();
  const write = useWriteAllowed();
  const [opened, popover] = useDisclosure(false);
  const [throttle, setThrottle] = useState(operation.throttle);
  const change = useMutation(api.operations.throttle.mutationOptions({ onSuccess: popover.close }));
  return (
    <Popover opened={opened} onChange={popover.toggle} width="min(30rem, 92vw)" position="bottom-start" withArrow trapFocus>
      <Popover.Target>
        <Button variant="default" onClick={() => { setThrottle(operation.throttle); change.reset(); popover.toggle(); }}>Change limits</Button>
      </Popover.Target>
      <Popover.Dropdown>
        <ThrottleFields value={throttle} onChange={setThrottle} />
        {change.error !== null && <ProblemAlert problem={toApiProblem(change.error)} />}
        <Group justify="flex-end" mt="sm">
          <WriteButton write={write} loading={change.isPending} onClick={() => { change.mutate({ operationId: operation.id, throttle }); }}>Use these limits</WriteButton>
        </Group>
      </Popover.Dropdown>
    </Popover>
  );
}
