import { findChromium, missingPartLine } from '../../scripts/machine-parts.mjs';

export interface ChromiumLaunch {
  executablePath: string;
  args: string[];
}

/** How tests start Chromium on this machine; CHROMIUM names another binary than the one found. */
export function requireChromium(): ChromiumLaunch {
  const chromium = findChromium();
  if (chromium === undefined) throw new Error(missingPartLine('browser'));
  // Chromium refuses its sandbox to root, and containers give /dev/shm too little room.
  const args = process.getuid?.() === 0 ? ['--no-sandbox', '--disable-dev-shm-usage'] : ['--disable-dev-shm-usage'];
  return { executablePath: chromium.path, args };
}
