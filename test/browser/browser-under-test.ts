// The browser of the tests: the Chromium that comes inside an npm package, so that no system package is needed, and a plain file server
// for dist/ under any base path, with no special response header.
import { createServer, type Server } from "node:http";
import { readFile, stat } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import type { AddressInfo } from "node:net";
import chromiumPackage from "@sparticuz/chromium";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { root } from "../tidy/source-files.ts";

export async function launchBrowser(): Promise<Browser> {
  const executablePath = await chromiumPackage.executablePath();
  // Single-process mode, which the package suggests for tiny machines, would keep a looping worker from being stopped.
  const args = chromiumPackage.args.filter(flag => !/single-process|no-zygote|headless/.test(flag));
  return chromium.launch({ executablePath, args: [...args, "--no-sandbox"], headless: true });
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".json": "application/json",
  ".svg": "image/svg+xml", ".png": "image/png", ".woff2": "font/woff2", ".txt": "text/plain",
};

export interface ServedSite { readonly address: string; close(): Promise<void> }

/** Serves a folder as any web server would; `base` such as "/a/b/". */
export async function serveFolder(folder: string, base = "/"): Promise<ServedSite> {
  const server: Server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    void send(folder, base, path).then(
      ({ type, body }) => response.writeHead(200, { "content-type": type }).end(body),
      () => response.writeHead(404, { "content-type": "text/plain" }).end("not found"),
    );
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}${base}`, close: () => new Promise(resolve => { server.close(() => resolve()); server.closeAllConnections(); }) };
}

async function send(folder: string, base: string, path: string): Promise<{ type: string; body: Buffer }> {
  if (!path.startsWith(base)) throw new Error("outside the base path");
  let file = join(folder, normalize(path.slice(base.length)));
  if ((await stat(file)).isDirectory()) file = join(file, "index.html");
  return { type: MEDIA_TYPES[extname(file)] ?? "application/octet-stream", body: await readFile(file) };
}

export const dist = join(root, "dist");

/** A page that remembers everything it complains about. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", message => { if (message.type() === "error" || message.type() === "warning") complaints.push(message.text()); });
  page.on("pageerror", error => complaints.push(String(error)));
  return { page, complaints };
}
