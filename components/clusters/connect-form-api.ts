import type { UseFormReturnType } from '@mantine/form';
import type { ConnectFields } from '@/lib/client/connect-request';

/** The form that the parts of connecting share. */
export type ConnectFormApi = UseFormReturnType<ConnectFields>;
