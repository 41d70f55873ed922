import { expect, test } from "vitest";
import { pageRelative, styleRelative } from "#src/scripts/relative-urls.mjs";

test("addresses of a page become relative to its depth", () => {
  const html = '<html data-root="/"><a href="/part/lesson/">x</a><script src="/_astro/a.js"></script>';
  expect(pageRelative(html, 0)).toBe('<html data-root="./"><a href="./part/lesson/">x</a><script src="./_astro/a.js"></script>');
  expect(pageRelative(html, 2)).toBe('<html data-root="../../"><a href="../../part/lesson/">x</a><script src="../../_astro/a.js"></script>');
});

test("other addresses stay: fragments, other sites, data, and text that looks like one", () => {
  const html = '<a href="#x"></a><a href="//cdn/x"></a><a href="https://kafka.apache.org/"></a><p data-spec="/x">href="/y"</p>';
  expect(pageRelative(html, 1)).toBe(html);
});

test("addresses in a stylesheet become relative to it", () => {
  expect(styleRelative('a{src:url(/_astro/f.woff2)}b{src:url("/x")}c{src:url(data:x)}d{fill:url(#h1)}', 1)).toBe(
    'a{src:url(../_astro/f.woff2)}b{src:url("../x")}c{src:url(data:x)}d{fill:url(#h1)}',
  );
});
