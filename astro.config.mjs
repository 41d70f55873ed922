// The site: plain files that work under any base path and need no response header.
import { defineConfig } from 'astro/config';
import { kernelSource } from './src/notebook/kernel-plugin.ts';
import { relativeUrls } from './src/scripts/relative-urls.mjs';

/** What a lesson runs from its first moment on is one file: parts that lazy ones share would otherwise each become a file of their own. */
const AT_ONCE = /\/src\/(stage|feed|session|timeline)\/|\/engine\/cluster\/(fold|partition-view|topic-znodes|node-names|run-file|author-error)|\/engine\/core\/nearest-word|\/engine\/checks\/(run-history|history-checks|log-history)|\/src\/(diagrams\/moment|drills\/(lost-records|measur))/;
/** What is loaded when a reader wants it. */
const LATER = /\/src\/stage\/(legend|stage-slip|slip-view|stage-actions|metadata-slips|text-twin|unplug-buttons)\.ts/;

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
    build: {
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rollupOptions: { output: { manualChunks: (id) => (AT_ONCE.test(id) && !LATER.test(id) ? 'bench' : undefined) } },
    },
    worker: { format: 'es' },
    // Scripts find their chunks, workers and styles relative to themselves, wherever the folder is served from.
    experimental: { renderBuiltUrl: () => ({ relative: true }) },
  },
});
