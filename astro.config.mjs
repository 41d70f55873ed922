// The site: plain files that work under any base path and need no response header.
import { defineConfig } from 'astro/config';
import { kernelSource } from './src/notebook/kernel-plugin.ts';
import { relativeUrls } from './src/scripts/relative-urls.mjs';

export default defineConfig({
  output: 'static',
  trailingSlash: 'always',
  cacheDir: '.cache/astro',
  build: { format: 'directory', inlineStylesheets: 'never' },
  devToolbar: { enabled: false },
  prefetch: false,
  // Live cells have our own highlighter; quiet code blocks are ink on paper.
  markdown: { syntaxHighlight: false },
  integrations: [relativeUrls()],
  vite: {
    plugins: [kernelSource()],
    build: { assetsInlineLimit: 0, modulePreload: { polyfill: false } },
    worker: { format: 'es' },
    // Scripts find their chunks, workers and styles relative to themselves, wherever the folder is served from.
    experimental: { renderBuiltUrl: () => ({ relative: true }) },
  },
});
