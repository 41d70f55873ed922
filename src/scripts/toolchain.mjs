// What start, build and test have in common: install when needed, run a tool with the project's own Node, and know
// whether dist/ is what the sources say. Runs on Node 20 with nothing installed.
import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');
export const DIST = join(ROOT, 'dist');
const BUILD_STAMP = join(ROOT, '.cache', 'build.json');

/** Everything that a build reads. */
const BUILD_INPUTS = ['src', 'lessons', 'engine', 'public', 'astro.config.mjs', 'package.json', 'package-lock.json', 'tsconfig.json'];

const LEAST_NODE = 20;

/** A problem that the person at the terminal can cure; printed without a stack. */
export class StartError extends Error {}

export function requireNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= LEAST_NODE) return;
  throw new StartError(`This is Node ${process.versions.node}; Sorting Office needs Node ${LEAST_NODE} or later. Install it from https://nodejs.org and try again.`);
}

/**
 * Installs exactly what package-lock.json says, unless node_modules already is that. `npm install` and not `npm ci`:
 * it takes the locked versions too, but does not refuse a registry that lacks binaries for other platforms.
 */
export async function installIfNeeded() {
  const stale = staleInstall();
  if (stale === null) return;
  console.log(`Installing (${stale})`);
  const npm = process.env.npm_execpath;
  const code = npm !== undefined && /\.c?js$/.test(npm)
    ? await run(process.execPath, [npm, ...INSTALL])
    : await run('npm', INSTALL, { shell: process.platform === 'win32' });
  if (code !== 0) throw new StartError('npm install ended with an error (above). Is there a connection to the npm registry? Then run the command again.');
  const missing = staleInstall();
  if (missing !== null) throw new StartError(`npm install ran, but ${missing}. Remove the folder node_modules and run the command again.`);
}

/** --no-save leaves package-lock.json as it is; the warnings would be about Node's version, which the project brings itself. */
const INSTALL = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];

/** Why node_modules is not what package-lock.json says; null when it is. */
function staleInstall() {
  const installedFile = join(ROOT, 'node_modules', '.package-lock.json');
  if (!existsSync(installedFile)) return 'node_modules is not there yet';
  const wanted = readJson(join(ROOT, 'package-lock.json')).packages;
  const installed = readJson(installedFile).packages;
  for (const [path, entry] of Object.entries(wanted)) {
    // Packages for other platforms are in the lock file and rightly not installed.
    if (path === '' || entry.link === true || (entry.optional === true && installed[path] === undefined)) continue;
    if (installed[path]?.version !== entry.version) return `${path.replace('node_modules/', '')} ${entry.version} is missing`;
  }
  return null;
}

/** Builds when the inputs differ from those of the last build. */
export async function buildIfStale() {
  const inputs = hashOfInputs();
  if (existsSync(join(DIST, 'index.html')) && existsSync(BUILD_STAMP) && readJson(BUILD_STAMP).inputs === inputs) return;
  await build(inputs);
}

export async function build(inputs = hashOfInputs()) {
  console.log('Building the site');
  // A build that fails must not leave a stamp that vouches for what it left behind.
  rmSync(BUILD_STAMP, { force: true });
  const code = await runTool('astro', ['build', '--silent']);
  if (code !== 0) throw new StartError('The build ended with an error (above). Nothing is served from a half-built site.');
  mkdirSync(dirname(BUILD_STAMP), { recursive: true });
  writeFileSync(BUILD_STAMP, JSON.stringify({ inputs }));
}

/** A hash over the path and content of every input: the same sources give the same hash on every machine. */
function hashOfInputs() {
  const hash = createHash('sha256');
  for (const input of BUILD_INPUTS) hashPath(input, hash);
  return hash.digest('hex');
}

function hashPath(path, hash) {
  const absolute = join(ROOT, path);
  if (!existsSync(absolute)) return;
  const entries = listOrNull(absolute);
  if (entries === null) {
    hash.update(`${path}\0`).update(readFileSync(absolute));
    return;
  }
  for (const entry of entries) hashPath(`${path}/${entry}`, hash);
}

function listOrNull(path) {
  try {
    return readdirSync(path).sort();
  } catch (reason) {
    if (reason.code === 'ENOTDIR') return null;
    throw reason;
  }
}

/** The `bin` of an installed package, run by the project's own Node. Resolves to its exit code. */
export function runTool(name, args, options = {}) {
  const folder = TOOL_PACKAGES[name] ?? name;
  const { bin } = readJson(join(ROOT, 'node_modules', folder, 'package.json'));
  const file = typeof bin === 'string' ? bin : bin[name];
  return run(projectNode(), [join(ROOT, 'node_modules', folder, file), ...args], options);
}

/** Tools whose package has another name. */
const TOOL_PACKAGES = { tsc: 'typescript' };

/** The Node that package-lock.json pins; the engine and its tests are TypeScript that only this one runs directly. */
function projectNode() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const pinned = join(ROOT, 'node_modules', 'node', 'bin', name);
  return existsSync(pinned) ? pinned : process.execPath;
}

function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...process.env, ASTRO_TELEMETRY_DISABLED: '1' },
      ...options,
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(signal === null ? (code ?? 1) : 1));
  });
}

export function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Runs a script's main function; a StartError is one plain line, anything else keeps its stack. */
export async function main(body) {
  try {
    await body();
  } catch (reason) {
    console.error(reason instanceof StartError ? reason.message : reason);
    process.exitCode = 1;
  }
}
