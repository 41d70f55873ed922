// Bundles the kernel into one text: it becomes a data: URL, so it can load nothing from anywhere.
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const ENTRY = fileURLToPath(new URL('kernel/worker-entry.ts', import.meta.url));
const TYPESCRIPT_STUB = fileURLToPath(new URL('kernel/typescript-stub.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface BuiltKernel {
  readonly source: string;
  /** Files that it was made of, without packages. */
  readonly files: readonly string[];
}

export async function buildKernel(): Promise<BuiltKernel> {
  const files = new Set<string>();
  const result = await build({
    root: ROOT,
    configFile: false,
    publicDir: false,
    logLevel: 'error',
    resolve: { alias: [{ find: /^typescript$/, replacement: TYPESCRIPT_STUB }] },
    plugins: [{
      name: 'kernel-files',
      moduleParsed: ({ id }) => { if (!id.includes('node_modules') && !id.startsWith('\0')) files.add(id); },
    }],
    build: {
      write: false,
      target: 'es2022',
      minify: true,
      modulePreload: false,
      rolldownOptions: { input: ENTRY, output: { format: 'iife', codeSplitting: false } },
    },
  });
  const [bundle] = Array.isArray(result) ? result : [result];
  const chunk = bundle !== undefined && 'output' in bundle ? bundle.output[0] : undefined;
  if (chunk === undefined) throw new Error('the kernel was not built: its bundle is empty');
  return { source: chunk.code, files: [...files] };
}
