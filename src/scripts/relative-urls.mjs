// Makes the built pages independent of the path that they are served under: every root-absolute address in an HTML
// file becomes relative to that file. (Scripts and styles are made relative by Vite, see astro.config.mjs.)
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Attributes whose value is an address of ours when it begins with one slash. */
const ADDRESS = /(\s(?:href|src|data-root|component-url|renderer-url)=")\/(?!\/)([^"]*)"/g;

/** @returns {import('astro').AstroIntegration} */
export function relativeUrls() {
  return {
    name: 'relative-urls',
    hooks: {
      'astro:build:done': ({ dir }) => {
        const root = fileURLToPath(dir);
        for (const file of htmlFiles(root)) {
          const html = readFileSync(file, 'utf8');
          writeFileSync(file, makeRelative(html, relative(root, file).split(sep).length - 1));
        }
      },
    },
  };
}

/**
 * Rewrites the addresses of a page that lies `depth` folders below the root.
 * @param {string} html
 * @param {number} depth
 */
export function makeRelative(html, depth) {
  const up = depth === 0 ? './' : '../'.repeat(depth);
  return html.replaceAll(ADDRESS, (_, attribute, rest) => `${attribute}${up}${rest}"`);
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function htmlFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return htmlFiles(path);
    return entry.name.endsWith('.html') ? [path] : [];
  });
}
