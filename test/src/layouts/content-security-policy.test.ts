import { describe, expect, test } from "vitest";
import { contentSecurityPolicy } from "#src/layouts/content-security-policy.ts";
import { BEFORE_PAINT_SCRIPT } from "#src/page/appearance.ts";

describe("the policy of every page", () => {
  const directives = new Map(contentSecurityPolicy([BEFORE_PAINT_SCRIPT]).split("; ").map((it): [string, string] => {
    const [name = "", ...values] = it.split(" ");
    return [name, values.join(" ")];
  }));

  test("runs our files, blobs of the cell kernel, and the one inline script by its hash; nothing evaluates text", () => {
    expect(directives.get("script-src")).toMatch(/^'self' blob: 'sha256-[A-Za-z0-9+/]{43}='$/);
  });
  test("lets the kernel be a data: worker and closes everything that it does not name", () => {
    expect(directives.get("worker-src")).toBe("'self' data: blob:");
    expect(directives.get("default-src")).toBe("'none'");
    expect(directives.get("connect-src")).toBe("'none'");
  });
  test("has no directive that a meta element may not carry", () => {
    for (const name of ["frame-ancestors", "report-uri", "report-to", "sandbox"]) expect(directives.has(name)).toBe(false);
  });
});

test("the script before the first paint holds nothing that would end its element", () => {
  expect(BEFORE_PAINT_SCRIPT).not.toMatch(/<\/|<!--/);
});
