import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '@mantine/spotlight/styles.css';
import './globals.css';
import { ColorSchemeScript, mantineHtmlProps } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import type { Metadata, Viewport } from 'next';
import { NuqsAdapter } from 'nuqs/adapters/next/app';
import type { ReactNode } from 'react';
import { LiveProvider } from '@/components/realtime/live-provider';
import { ThemeProvider } from '@/components/ui/theme-provider';
import { ZoneProvider } from '@/components/ui/zone-provider';

export const metadata: Metadata = {
  title: { default: 'PhantomScale', template: '%s · PhantomScale' },
  description: 'Elastic scaling and live operations for sharded databases',
  manifest: '/manifest.webmanifest',
  icons: { icon: '/icon.svg' },
};

export const viewport: Viewport = {
  width: 'device-width',
  initialScale: 1,
  themeColor: [{ media: '(prefers-color-scheme: dark)', color: '#0c0e12' }, { color: '#f4f5f8' }],
};

export default function RootLayout({ children }: { readonly children: ReactNode }) {
  return (
    <html lang="en" {...mantineHtmlProps}>
      <head>
        <ColorSchemeScript defaultColorScheme="auto" />
      </head>
      <body>
        <ThemeProvider>
          <NuqsAdapter>
            <ZoneProvider>
              <LiveProvider>{children}</LiveProvider>
            </ZoneProvider>
          </NuqsAdapter>
          <Notifications position="bottom-right" limit={3} />
        </ThemeProvider>
      </body>
    </html>
  );
}
