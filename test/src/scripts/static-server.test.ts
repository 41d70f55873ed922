import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createStaticServer } from "#src/scripts/static-server.mjs";

let folder = "";
let server: Server;
let port = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "site-"));
  mkdirSync(join(folder, "site/part/lesson"), { recursive: true });
  mkdirSync(join(folder, "site/_astro"));
  writeFileSync(join(folder, "site/index.html"), "front");
  writeFileSync(join(folder, "site/404.html"), "no such page");
  writeFileSync(join(folder, "site/part/lesson/index.html"), "lesson");
  writeFileSync(join(folder, "site/_astro/a.Hash.js"), "export {}");
  writeFileSync(join(folder, "secret.txt"), "secret");
  server = createStaticServer({ root: join(folder, "site"), base: "/a/b/" });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
});

async function get(path: string, method = "GET"): Promise<{ status: number; type: string | null; location: string | null; text: string }> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, redirect: "manual" });
  return { status: answer.status, type: answer.headers.get("content-type"), location: answer.headers.get("location"), text: await answer.text() };
}

/** The path exactly as written: fetch would tidy it first. */
function rawStatus(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`));
    let answer = "";
    socket.on("data", (data) => { answer += data.toString(); });
    socket.on("end", () => resolve(answer));
    socket.on("error", reject);
  });
}

describe("the static server", () => {
  test("answers a folder with its index", async () => {
    expect(await get("/a/b/")).toMatchObject({ status: 200, type: "text/html; charset=utf-8", text: "front" });
    expect(await get("/a/b/part/lesson/?x=1")).toMatchObject({ status: 200, text: "lesson" });
  });
  test("sends a folder without its slash to the one with it", async () => {
    expect(await get("/a/b/part/lesson")).toMatchObject({ status: 301, location: "/a/b/part/lesson/" });
  });
  test("gives scripts the type that browsers ask for", async () => {
    expect(await get("/a/b/_astro/a.Hash.js")).toMatchObject({ status: 200, type: "text/javascript; charset=utf-8" });
  });
  test("answers HEAD without a body", async () => {
    expect(await get("/a/b/", "HEAD")).toMatchObject({ status: 200, text: "" });
  });
  test.each(["/", "/a/", "/a/b/nothing", "/a/b/part/", "/a/b/index.html/", "/a/b/%E0%A4%A", "/a/b/%00"])("has its own page for %s", async (path) => {
    expect(await get(path)).toMatchObject({ status: 404, text: "no such page" });
  });
  test.each(["/a/b/../../secret.txt", "/a/b/..%2f..%2fsecret.txt", "/a/b/%2e%2e/secret.txt", "/a/b/..\\secret.txt"])("does not leave its folder for %s", async (path) => {
    const answer = await rawStatus(path);
    expect(answer).toMatch(/^HTTP\/1\.1 404/);
    expect(answer).not.toContain("secret");
  });
  test("takes nothing but GET and HEAD", async () => {
    expect(await get("/a/b/", "POST")).toMatchObject({ status: 405 });
  });
});
