import type { ServerResponse } from 'node:http';

/**
 * Headers of every answer. Next writes inline scripts into its pages and, for prerendered
 * ones, cannot mark them with a nonce; so inline scripts are allowed, and what keeps a
 * page safe is that it takes code from nowhere else, is framed by nobody and sends
 * nothing anywhere. In development React also evaluates code to refresh components.
 */
export function setSecurityHeaders(response: ServerResponse, options: { readonly development: boolean }): void {
  const scripts = options.development ? "'self' 'unsafe-inline' 'unsafe-eval'" : "'self' 'unsafe-inline'";
  response.setHeader('content-security-policy', [
    "default-src 'self'", `script-src ${scripts}`, "style-src 'self' 'unsafe-inline'", "img-src 'self' data: blob:", "font-src 'self' data:",
    "connect-src 'self'", "object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
  ].join('; '));
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('x-frame-options', 'DENY');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('cross-origin-opener-policy', 'same-origin');
  response.setHeader('cross-origin-resource-policy', 'same-origin');
}
