/**
 * The policy of every page, as the content of a `<meta>` element: the site needs no response header.
 *
 * Cells run in a worker made from a `data:` URL (an opaque origin), which inherits this policy and loads each cell
 * with `import(blob:…)`: hence `worker-src data:` and `script-src blob:`. There is no `unsafe-eval`, and inline
 * scripts run only by their hash. Styles may be inline: SVG and Mermaid set them. Nothing is fetched: a cell could not even ask
 * this site for a file. Only the page that looks for the way home may (`connects`).
 */
import { createHash } from 'node:crypto';

export function contentSecurityPolicy(inlineScripts: readonly string[], { connects = false } = {}): string {
  const hashes = inlineScripts.map((script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`);
  return [
    "default-src 'none'",
    `script-src 'self' blob: ${hashes.join(' ')}`,
    "worker-src 'self' data: blob:",
    "style-src 'self' 'unsafe-inline'",
    "font-src 'self'",
    "img-src 'self' data: blob:",
    `connect-src ${connects ? "'self'" : "'none'"}`,
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}
