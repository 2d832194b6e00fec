/** @type {import('next').NextConfig} */
export default {
  reactStrictMode: true,
  poweredByHeader: false,
  // The gate for types is TypeScript 7 (`npm run check`), ten times faster than Next's own pass.
  typescript: { ignoreBuildErrors: true },
  // Otherwise Next guesses the root from lock files, and a stray one above this folder wins.
  turbopack: { root: import.meta.dirname },
  // Browsers ask for it of whatever has no head to name an icon in, such as an answer of the API.
  rewrites: () => Promise.resolve([{ source: '/favicon.ico', destination: '/icon.svg' }]),
  experimental: { optimizePackageImports: ['@mantine/core', '@mantine/hooks'] },
};
