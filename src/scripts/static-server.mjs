// A static file server without dependencies: right types, index.html for folders, 404.html for the rest, nothing
// else. The site needs no header from it; a test serves dist/ under another base path with the same function.
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.md': 'text/markdown; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

/**
 * @param {{ root: string, base?: string }} options `base` begins and ends with a slash; default "/".
 * @returns {import('node:http').Server} not yet listening
 */
export function createStaticServer({ root, base = '/' }) {
  return createServer((request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { Allow: 'GET, HEAD' }).end();
      return;
    }
    const path = pathOf(request.url ?? '/');
    const found = path === null || !path.startsWith(base) ? { kind: 'missing' } : find(root, path.slice(base.length));
    if (found.kind === 'folder') {
      // Relative links of the page need the slash.
      response.writeHead(301, { Location: `${encodeURI(path ?? base)}/` }).end();
      return;
    }
    if (found.kind === 'missing') {
      const page = readOr(join(root, '404.html'), 'There is nothing at this address.');
      response.writeHead(404, { 'Content-Type': TYPES['.html'], 'Cache-Control': 'no-cache' });
      response.end(request.method === 'HEAD' ? undefined : page);
      return;
    }
    sendFile(found.file, request, response);
  });
}

function sendFile(file, request, response) {
  response.writeHead(200, {
    'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
    'Content-Length': statSync(file).size,
    // Names in _astro carry a hash of their content; everything else may change with the next build.
    'Cache-Control': file.includes(`${sep}_astro${sep}`) ? 'public, max-age=31536000, immutable' : 'no-cache',
  });
  if (request.method === 'HEAD') response.end();
  else createReadStream(file).on('error', () => response.destroy()).pipe(response);
}

/** The decoded path without its query; null when it cannot be one. */
function pathOf(url) {
  try {
    const path = decodeURIComponent(url.split(/[?#]/)[0]);
    return path.includes('\0') ? null : path;
  } catch (reason) {
    if (reason instanceof URIError) return null;
    throw reason;
  }
}

/** Looks `path` up inside `root`, and never outside. */
function find(root, path) {
  const file = normalize(join(root, path));
  if (file !== normalize(root) && !file.startsWith(normalize(root + sep))) return { kind: 'missing' };
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats?.isFile() && !path.endsWith('/')) return { kind: 'file', file };
  if (!stats?.isDirectory()) return { kind: 'missing' };
  if (path !== '' && !path.endsWith('/')) return { kind: 'folder' };
  const index = join(file, 'index.html');
  return statSync(index, { throwIfNoEntry: false })?.isFile() ? { kind: 'file', file: index } : { kind: 'missing' };
}

function readOr(file, otherwise) {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ? readFileSync(file) : otherwise;
}
