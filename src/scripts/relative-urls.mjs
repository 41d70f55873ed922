// Makes the built site independent of the path that it is served under: every root-absolute address in a page or a
// stylesheet becomes relative to that file. (Scripts are made relative by Vite, see astro.config.mjs.)
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
        for (const file of filesUnder(root)) {
          const rewrite = file.endsWith('.html') ? pageRelative : file.endsWith('.css') ? styleRelative : null;
          if (rewrite === null) continue;
          writeFileSync(file, rewrite(readFileSync(file, 'utf8'), relative(root, file).split(sep).length - 1));
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
export function pageRelative(html, depth) {
  return html.replaceAll(ADDRESS, (_, attribute, rest) => `${attribute}${upFrom(depth)}${rest}"`);
}

/**
 * Rewrites the addresses of a stylesheet that lies `depth` folders below the root.
 * @param {string} css
 * @param {number} depth
 */
export function styleRelative(css, depth) {
  return css.replaceAll(/url\((["']?)\/(?!\/)/g, (_, quote) => `url(${quote}${upFrom(depth)}`);
}

/** @param {number} depth */
function upFrom(depth) {
  return depth === 0 ? './' : '../'.repeat(depth);
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function filesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesUnder(path) : [path];
  });
}
